// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/results/run_table_model.h"

#include <QPainter>
#include <QPixmap>
#include <algorithm>

#include "engine/base/bounded_file.h"
#include "storage/layout_report.h"
#include "widgets/base/colours.h"
#include "widgets/results/row_edits.h"
#include "widgets/results/run_export.h"
#include "widgets/results/run_words.h"

namespace longscope {

namespace {

constexpr int block_rows = 128;
constexpr std::size_t most_cached_rows = 20'000;
constexpr std::size_t most_edits = 32;

RunReader::Cancelled not_cancelled() {
    return std::make_shared<std::atomic<bool>>(false);
}

void cancel(RunReader::Cancelled& cancelled) {
    if (cancelled != nullptr) {
        *cancelled = true;
        cancelled.reset();
    }
}

QPixmap mark_of(const QColor& colour, const QColor& ring) {
    constexpr int side = 10;
    constexpr int scale = 2;  // sharp on dense screens too; the ring sets it off from a selection
    QPixmap pixmap(side * scale, side * scale);
    pixmap.setDevicePixelRatio(scale);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(ring, 1));
    painter.setBrush(colour);
    painter.drawEllipse(QRectF(0.5, 0.5, side - 1, side - 1));
    return pixmap;
}

QString tooltip_of(const RunRow& row) {
    QStringList lines{to_qstring(row.name).left(200), to_qstring(row.uuid)};
    for (const std::string& text : {row.message, row.note}) {
        if (!text.empty()) {
            lines << to_qstring(text).left(1000);
        }
    }
    return QStringLiteral("<qt>%1</qt>")
        .arg(lines.join(QLatin1Char('\n')).toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br>")));
}

}  // namespace

RunTableModel::RunTableModel(const Appearance& appearance, QObject* parent)
    : QAbstractTableModel(parent), appearance_(appearance), opened_(not_cancelled()), blocks_(not_cancelled()) {
    connect(&reader_, &RunReader::noticed, this, &RunTableModel::noticed);
    connect(&appearance_, &Appearance::changed, this, [this] {
        if (!runs_.empty()) {
            Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1), {Qt::DecorationRole});
        }
    });
}

RunTableModel::~RunTableModel() {
    cancel(opened_);
    cancel(listing_);
    cancel(blocks_);
}

void RunTableModel::open(const QString& database) {
    cancel(opened_);
    opened_ = not_cancelled();
    database_ = database;
    reader_.open(database);
    cache_.clear();
    total_ = 0;
    replace_list({}, false);
    set_problem({});
    start_listing();
}

void RunTableModel::refresh() {
    if (database_.isEmpty()) {
        return;
    }
    if (listing_ != nullptr) {
        refresh_again_ = true;  // what is under way may have looked before the change
        return;
    }
    start_listing();
}

void RunTableModel::set_filter(const QString& filter) {
    const std::string text = filter.simplified().toStdString();
    if (text != query_.filter) {
        query_.filter = text;
        start_listing();
    }
}

void RunTableModel::sort(int column, Qt::SortOrder order) {
    RunQuery query = query_;
    query.order = column >= 0 && column < columnCount() ? static_cast<RunColumn>(column) : RunColumn::number;
    query.descending = column < 0 || order == Qt::DescendingOrder;
    if (query != query_) {
        query_ = query;
        start_listing();
    }
}

void RunTableModel::start_listing() {
    if (database_.isEmpty()) {
        return;
    }
    cancel(listing_);
    listing_ = not_cancelled();
    refresh_again_ = false;
    Q_EMIT settled_changed();
    reader_.ask(
        listing_,
        [this, query = query_](RunPages& pages) -> RunReader::Deliver {
            auto listing = std::make_shared<Listing>();
            listing->changed = pages.refresh();
            listing->runs = pages.numbers(query);
            listing->total = pages.count();
            return [this, query, listing] { take(std::move(*listing), query); };
        },
        [this](const QString& line) {
            listing_.reset();
            cache_.clear();
            total_ = 0;
            replace_list({}, false);
            set_problem(line);
            Q_EMIT settled_changed();
        });
}

void RunTableModel::take(Listing listing, const RunQuery& query) {
    listing_.reset();
    total_ = listing.total;
    replace_list(std::move(listing.runs), query == shown_query_);
    shown_query_ = query;
    mark_stale(listing.changed);
    set_problem({});
    Q_EMIT settled_changed();
    if (refresh_again_) {
        start_listing();
    }
}

void RunTableModel::replace_list(std::vector<std::int64_t> runs, bool same_query) {
    if (runs == runs_) {
        return;
    }
    const auto edits = same_query ? row_edits(runs_, runs, most_edits) : std::nullopt;
    Q_EMIT list_about_to_change();
    cancel(blocks_);
    blocks_ = not_cancelled();
    wanted_blocks_.clear();
    requested_blocks_.clear();
    row_by_run_.clear();
    if (edits) {
        for (auto range = edits->removed.rbegin(); range != edits->removed.rend(); ++range) {
            beginRemoveRows({}, range->first, range->first + range->count - 1);
            const auto first = runs_.begin() + range->first;
            runs_.erase(first, first + range->count);
            row_by_run_.clear();
            endRemoveRows();
        }
        for (const RowRange& range : edits->inserted) {
            beginInsertRows({}, range.first, range.first + range.count - 1);
            const auto first = runs.begin() + range.first;
            runs_.insert(runs_.begin() + range.first, first, first + range.count);
            row_by_run_.clear();
            endInsertRows();
        }
    } else {
        beginResetModel();
        runs_ = std::move(runs);
        endResetModel();
    }
    Q_EMIT list_changed();
}

void RunTableModel::mark_stale(const std::vector<std::int64_t>& changed) {
    int first = rowCount();
    int last = -1;
    for (const std::int64_t run : changed) {
        const auto found = cache_.find(run);
        if (found == cache_.end()) {
            continue;
        }
        found->second.stale = true;
        if (const int row = row_of(run); row >= 0) {
            requested_blocks_.erase(row / block_rows);
            first = std::min(first, row);
            last = std::max(last, row);
        }
    }
    if (last >= 0) {
        Q_EMIT dataChanged(index(first, 0), index(last, columnCount() - 1));
    }
}

void RunTableModel::set_problem(const QString& line) {
    if (line != problem_) {
        problem_ = line;
        Q_EMIT problem_changed(problem_);
    }
}

int RunTableModel::row_of(std::int64_t run) const {
    if (row_by_run_.empty()) {
        for (std::size_t i = 0; i < runs_.size(); ++i) {
            row_by_run_.emplace(runs_[i], static_cast<int>(i));
        }
    }
    const auto found = row_by_run_.find(run);
    return found == row_by_run_.end() ? -1 : found->second;
}

void RunTableModel::want(int row) const {
    const int block = row / block_rows;
    if (requested_blocks_.contains(block)) {
        return;
    }
    wanted_blocks_.insert(block);
    if (!request_scheduled_) {
        request_scheduled_ = true;
        auto* self = const_cast<RunTableModel*>(this);
        QMetaObject::invokeMethod(
            self, [self] { self->request_wanted(); }, Qt::QueuedConnection);
    }
}

void RunTableModel::request_wanted() {
    request_scheduled_ = false;
    for (const int block : wanted_blocks_) {
        const std::size_t from = static_cast<std::size_t>(block) * block_rows;
        const std::size_t to = std::min(from + block_rows, runs_.size());
        if (from >= to || !requested_blocks_.insert(block).second) {
            continue;
        }
        const auto first = runs_.begin() + static_cast<std::ptrdiff_t>(from);
        std::vector<std::int64_t> runs(first, runs_.begin() + static_cast<std::ptrdiff_t>(to));
        reader_.ask(
            blocks_,
            [this, runs = std::move(runs)](RunPages& pages) -> RunReader::Deliver {
                return [this, rows = pages.rows(runs)] { take_rows(rows); };
            },
            [this](const QString& line) { set_problem(line); });
    }
    wanted_blocks_.clear();
}

void RunTableModel::take_rows(const std::vector<RunRow>& rows) {
    if (cache_.size() + rows.size() > most_cached_rows) {
        forget_far_rows();
    }
    int first = rowCount();
    int last = -1;
    for (const RunRow& row : rows) {
        cache_.insert_or_assign(row.run, Cached{row});
        if (const int at = row_of(row.run); at >= 0) {
            first = std::min(first, at);
            last = std::max(last, at);
        }
    }
    if (last >= 0) {
        Q_EMIT dataChanged(index(first, 0), index(last, columnCount() - 1));
    }
}

// Views that show any of them ask again.
void RunTableModel::forget_far_rows() {
    cache_.clear();
    requested_blocks_.clear();
    Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

void RunTableModel::read_rows(const std::vector<std::int64_t>& runs,
                              const std::function<void(const std::vector<RunRow>&)>& deliver) {
    reader_.ask(
        opened_,
        [runs, deliver](RunPages& pages) -> RunReader::Deliver {
            return [deliver, rows = pages.rows(runs)] { deliver(rows); };
        },
        [this](const QString& line) { set_problem(line); });
}

void RunTableModel::export_csv(const QString& path) {
    reader_.ask(
        opened_,
        [this, path, query = query_](RunPages& pages) -> RunReader::Deliver {
            pages.refresh();
            write_runs_csv(path.toStdString(), pages.rows(pages.numbers(query)));
            return [this, path] { Q_EMIT exported(path); };
        },
        [this](const QString& line) { Q_EMIT failed_to_export(line); });
}

void RunTableModel::export_html(const QString& path) {
    reader_.ask(
        opened_,
        [this, path, query = query_](RunPages& pages) -> RunReader::Deliver {
            pages.refresh();
            write_file_atomically(path.toStdString(), layout_report_of(pages.database(), pages.numbers(query)));
            return [this, path] { Q_EMIT exported(path); };
        },
        [this](const QString& line) { Q_EMIT failed_to_export(line); });
}

int RunTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(runs_.size());
}

int RunTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(run_column_count);
}

QVariant RunTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= columnCount()) {
        return {};
    }
    const auto column = static_cast<RunColumn>(index.column());
    if (role == Qt::TextAlignmentRole) {
        return QVariant(static_cast<int>(Qt::AlignVCenter | (is_number(column) ? Qt::AlignRight : Qt::AlignLeft)));
    }
    const std::int64_t run = run_at(index.row());
    if (role == number_role) {
        return QVariant::fromValue<qint64>(run);
    }
    const auto cached = cache_.find(run);
    if (cached == cache_.end() || cached->second.stale) {
        want(index.row());
    }
    if (cached == cache_.end()) {
        // The number is known before the row.
        const bool text = role == Qt::DisplayRole || role == raw_role;
        return text && column == RunColumn::number ? QVariant(QString::number(run)) : QVariant();
    }
    return text_of(cached->second.row, column, role);
}

Qt::ItemFlags RunTableModel::flags(const QModelIndex& index) const {
    const bool edited = index.isValid() && (index.column() == static_cast<int>(RunColumn::tags) ||
                                            index.column() == static_cast<int>(RunColumn::note));
    return QAbstractTableModel::flags(index) | (edited ? Qt::ItemIsEditable : Qt::NoItemFlags);
}

bool RunTableModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::EditRole || (flags(index) & Qt::ItemIsEditable) == 0) {
        return false;
    }
    if (value == data(index, Qt::EditRole)) {
        return true;
    }
    if (index.column() == static_cast<int>(RunColumn::tags)) {
        Q_EMIT tags_edited(run_at(index.row()), value.toString());
    } else {
        Q_EMIT note_edited(run_at(index.row()), value.toString());
    }
    return true;
}

QVariant RunTableModel::text_of(const RunRow& row, RunColumn column, int role) const {
    switch (role) {
        case Qt::DisplayRole:
            return cell_text(row, column);
        case raw_role:
        case Qt::EditRole:
            return to_qstring(raw_text(row, column));
        case Qt::ToolTipRole:
            return tooltip_of(row);
        case Qt::DecorationRole:
            return column == RunColumn::state ? mark_of(state_colour(row.state, appearance_.theme()),
                                                        to_qcolor(appearance_.theme().background))
                                              : QVariant();
        default:
            return {};
    }
}

QVariant RunTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) {
        return {};
    }
    const auto column = static_cast<RunColumn>(section);
    switch (role) {
        case Qt::DisplayRole:
            return column_title(column);
        case Qt::ToolTipRole:
            return column_explanation(column);
        case Qt::TextAlignmentRole:
            return QVariant(static_cast<int>(Qt::AlignVCenter | (is_number(column) ? Qt::AlignRight : Qt::AlignLeft)));
        default:
            return {};
    }
}

}  // namespace longscope
