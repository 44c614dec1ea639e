// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/mask_gallery_model.h"

#include <algorithm>

#include "engine/draw/mask_thumbnail.h"

namespace longscope {

namespace {

QString origin_of(const GalleryEntry& entry) {
    return entry.leaf != nullptr ? entry.kind() : MaskGalleryModel::tr("%1: %2").arg(entry.kind(), entry.source());
}

DisplayList picture_of(const GalleryEntry& entry, const Theme& theme) {
    const MaskExample example = entry.example();
    return draw_mask_thumbnail(*example.mask, example.cu_seqlens, MaskGalleryModel::picture_points, theme);
}

}  // namespace

MaskGalleryModel::MaskGalleryModel(const Appearance& appearance, QObject* parent)
    : QAbstractListModel(parent),
      appearance_(appearance),
      entries_(gallery_entries()),
      pictures_([entries = entries_](int index, const Theme& theme) {
          return picture_of(entries.at(static_cast<std::size_t>(index)), theme);
      }) {
    connect(&pictures_, &ThumbnailStore::came, this, [this](int row) { pictures_changed(row, row); });
    connect(&appearance_, &Appearance::changed, this, [this] { pictures_changed(0, rowCount() - 1); });
}

int MaskGalleryModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(entries_.size());
}

QVariant MaskGalleryModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) {
        return {};
    }
    const GalleryEntry& of_row = entry(index.row());
    switch (role) {
        case Qt::DisplayRole:
            return of_row.name();
        case Qt::DecorationRole:
            return pictures_.find(index.row(), appearance_.theme(), ratio_);
        case Qt::ToolTipRole:
            return of_row.rich_text();
        case Qt::AccessibleTextRole:
            return tr("%1, %2").arg(of_row.name(), of_row.kind());
        case Qt::AccessibleDescriptionRole:
        case MeaningRole:
            return of_row.meaning();
        case OriginRole:
            return origin_of(of_row);
        case SearchRole:
            return QStringList{of_row.name(), of_row.kind(), of_row.meaning(), of_row.definition(), of_row.source()}
                .join(QLatin1Char('\n'));
        default:
            return {};
    }
}

void MaskGalleryModel::set_ratio(double ratio) {
    if (ratio != ratio_) {
        ratio_ = ratio;
        pictures_changed(0, rowCount() - 1);
    }
}

void MaskGalleryModel::pictures_changed(int first, int last) {
    Q_EMIT dataChanged(index(first), index(last), {Qt::DecorationRole});
}

MaskGalleryFilter::MaskGalleryFilter(QObject* parent) : QSortFilterProxyModel(parent) {
    sort(0);
}

void MaskGalleryFilter::search(const QString& text) {
    words_ = text.simplified().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    invalidate();
}

bool MaskGalleryFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
    const QString text =
        sourceModel()->data(sourceModel()->index(row, 0, parent), MaskGalleryModel::SearchRole).toString();
    return std::all_of(words_.begin(), words_.end(),
                       [&](const QString& word) { return text.contains(word, Qt::CaseInsensitive); });
}

int MaskGalleryFilter::rank(const QModelIndex& index) const {
    if (words_.isEmpty()) {
        return 0;
    }
    const QString name = sourceModel()->data(index, Qt::DisplayRole).toString();
    if (name.compare(words_.front(), Qt::CaseInsensitive) == 0) {
        return 0;
    }
    const int at = name.indexOf(words_.front(), 0, Qt::CaseInsensitive);
    return at == 0 ? 1 : at > 0 ? 2 : 3;
}

bool MaskGalleryFilter::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    return std::pair(rank(left), left.row()) < std::pair(rank(right), right.row());
}

}  // namespace longscope
