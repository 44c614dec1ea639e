// SPDX-License-Identifier: GPL-3.0-or-later
// The leaves and presets as a list with pictures, and what of it fits a search.
#pragma once

#include <QAbstractListModel>
#include <QSortFilterProxyModel>
#include <QStringList>
#include <vector>

#include "widgets/base/appearance.h"
#include "widgets/mask/gallery_entry.h"
#include "widgets/mask/thumbnail_store.h"

namespace longscope {

class MaskGalleryModel : public QAbstractListModel {
    Q_OBJECT

  public:
    // Beside names, pictures, tool tips and texts for accessibility.
    enum Role { MeaningRole = Qt::UserRole, OriginRole, SearchRole };
    // Of a picture without its frame, along its longer side.
    static constexpr int picture_points = 128;

    // The appearance outlives it.
    explicit MaskGalleryModel(const Appearance& appearance, QObject* parent = nullptr);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] const GalleryEntry& entry(int row) const { return entries_.at(static_cast<std::size_t>(row)); }
    // Pixels a point of the screen that shows it.
    void set_ratio(double ratio);

  private:
    void pictures_changed(int first, int last);

    const Appearance& appearance_;
    std::vector<GalleryEntry> entries_;
    double ratio_ = 1;
    mutable ThumbnailStore pictures_;  // drawn when data() asks for them
};

// Rows that have all words of a search, in whatever text of theirs; those with the first word in their name come first.
class MaskGalleryFilter : public QSortFilterProxyModel {
    Q_OBJECT

  public:
    explicit MaskGalleryFilter(QObject* parent = nullptr);

    void search(const QString& text);

  protected:
    [[nodiscard]] bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    [[nodiscard]] bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

  private:
    [[nodiscard]] int rank(const QModelIndex& index) const;  // 0 is best

    QStringList words_;
};

}  // namespace longscope
