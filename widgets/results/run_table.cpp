// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/results/run_table.h"

#include <QAction>
#include <QClipboard>
#include <QFocusEvent>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QScrollBar>
#include <QShortcut>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>

#include "engine/base/units.h"
#include "widgets/base/colours.h"
#include "widgets/base/text_colour.h"
#include "widgets/results/padded_cells.h"
#include "widgets/results/row_edits.h"
#include "widgets/results/run_columns.h"
#include "widgets/results/run_export.h"

namespace longscope {

namespace {

// A scattered selection larger than this is let go when the order changes: each of its rows would be a range.
constexpr std::size_t most_kept_ranges = 1000;

}  // namespace

RunTable::RunTable(const Appearance& appearance, QWidget* parent)
    : QWidget(parent),
      appearance_(appearance),
      model_(new RunTableModel(appearance, this)),
      filter_(new QLineEdit(this)),
      count_(new QLabel(this)),
      view_(new QTableView(this)),
      empty_(new QLabel(view_->viewport())),
      line_(new QLabel(this)) {
    filter_->setPlaceholderText(tr("Filter by name, state, backend, host, tag, note, strategy or dispatch"));
    filter_->setAccessibleName(tr("Filter runs"));
    filter_->setClearButtonEnabled(true);
    filter_->installEventFilter(this);
    count_->setAccessibleName(tr("Number of runs"));
    line_->setAccessibleName(tr("Message"));
    line_->setWordWrap(true);
    line_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    line_->hide();
    for (QLabel* label : {count_, empty_, line_}) {
        label->setTextFormat(Qt::PlainText);
    }
    make_view();
    make_actions();

    auto* top = new QHBoxLayout;
    top->addWidget(filter_, 1);
    top->addWidget(count_);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(6, 6, 6, 6);
    layout->addLayout(top);
    layout->addWidget(view_, 1);
    layout->addWidget(line_);

    setTabOrder(filter_, view_);

    connect(filter_, &QLineEdit::textChanged, model_, &RunTableModel::set_filter);
    connect(filter_, &QLineEdit::returnPressed, view_, [this] { view_->setFocus(Qt::TabFocusReason); });
    connect(model_, &RunTableModel::list_about_to_change, this, &RunTable::keep_place);
    connect(model_, &RunTableModel::list_changed, this, &RunTable::find_place);
    connect(model_, &RunTableModel::settled_changed, this, &RunTable::show_status);
    connect(model_, &RunTableModel::problem_changed, this, &RunTable::say);
    connect(model_, &RunTableModel::noticed, this, &RunTable::say);
    connect(model_, &RunTableModel::failed_to_export, this, &RunTable::say);
    connect(model_, &RunTableModel::exported, this, [this](const QString& path) { say(tr("Written: %1").arg(path)); });
    auto* find = new QShortcut(QKeySequence::Find, this, nullptr, nullptr, Qt::WidgetWithChildrenShortcut);
    connect(find, &QShortcut::activated, this, &RunTable::focus_filter);
    connect(&appearance_, &Appearance::changed, this, &RunTable::recolour);
    recolour();
    show_status();
}

void RunTable::recolour() {
    set_text_colour(*empty_, appearance_.theme().muted);
    set_text_colour(*count_, appearance_.theme().muted);
}

void RunTable::make_view() {
    view_->setModel(model_);
    view_->setItemDelegate(new PaddedCells(view_));
    view_->setAccessibleName(tr("Runs"));
    view_->setSelectionBehavior(QAbstractItemView::SelectRows);
    view_->setEditTriggers(QAbstractItemView::EditKeyPressed);
    view_->setSelectionMode(QAbstractItemView::ExtendedSelection);
    view_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    view_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    view_->setAlternatingRowColors(true);
    view_->setShowGrid(false);
    view_->setWordWrap(false);
    view_->setTabKeyNavigation(false);
    view_->setIconSize(QSize(10, 10));
    view_->verticalHeader()->hide();
    view_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    view_->verticalHeader()->setDefaultSectionSize(view_->fontMetrics().height() + 8);
    QHeaderView& header = *view_->horizontalHeader();
    pad_headings(header);
    columns_ = new RunColumns(*view_, this);
    header.setSectionsMovable(true);
    header.setHighlightSections(false);
    header.setAccessibleName(tr("Columns"));
    header.setSortIndicator(static_cast<int>(RunColumn::number), Qt::DescendingOrder);
    view_->setSortingEnabled(true);
    view_->installEventFilter(this);
    view_->viewport()->installEventFilter(this);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setWordWrap(true);
    empty_->setAttribute(Qt::WA_TransparentForMouseEvents);
    connect(view_, &QTableView::activated, this, &RunTable::activate);
    connect(view_->selectionModel(), &QItemSelectionModel::selectionChanged, this, &RunTable::tell_selection);
}

void RunTable::make_actions() {
    open_ = new QAction(tr("Open run"), this);
    connect(open_, &QAction::triggered, this, [this] { activate(view_->currentIndex()); });
    look_ = new QAction(tr("Look at mask, timeline and ranks"), this);
    look_->setShortcut(QKeySequence(QStringLiteral("Shift+Return")));
    look_->setShortcutContext(Qt::WidgetShortcut);
    connect(look_, &QAction::triggered, this, [this] {
        if (const QModelIndex current = view_->currentIndex(); current.isValid()) {
            Q_EMIT look_requested(model_->run_at(current.row()));
        }
    });
    tags_ = new QAction(tr("Edit tags"), this);
    connect(tags_, &QAction::triggered, this, [this] { edit(RunColumn::tags); });
    note_ = new QAction(tr("Edit note"), this);
    connect(note_, &QAction::triggered, this, [this] { edit(RunColumn::note); });
    delete_ = new QAction(tr("Delete runs…"), this);
    delete_->setShortcut(QKeySequence::Delete);
    delete_->setShortcutContext(Qt::WidgetShortcut);
    connect(delete_, &QAction::triggered, this, [this] { Q_EMIT deletion_requested(selected_runs()); });
    copy_ = new QAction(tr("Copy rows"), this);
    copy_->setShortcut(QKeySequence::Copy);
    copy_->setShortcutContext(Qt::WidgetShortcut);
    connect(copy_, &QAction::triggered, this, &RunTable::copy_selection);
    export_ = new QAction(tr("Export all rows shown…"), this);
    connect(export_, &QAction::triggered, this, &RunTable::export_requested);
    view_->addActions({open_, look_, copy_, tags_, note_, export_, delete_});
    view_->setContextMenuPolicy(Qt::ActionsContextMenu);
}

// In its cell.
void RunTable::edit(RunColumn column) {
    const QModelIndex cell = view_->currentIndex().siblingAtColumn(static_cast<int>(column));
    columns_->show(column);
    view_->setCurrentIndex(cell);
    view_->edit(cell);
}

void RunTable::open(const QString& database) {
    line_->hide();
    model_->open(database);
}

void RunTable::focus_filter() {
    filter_->setFocus(Qt::ShortcutFocusReason);
    filter_->selectAll();
}

QList<QAction*> RunTable::row_actions() const {
    return {open_, look_, copy_, tags_, note_, export_, delete_};
}

std::vector<std::int64_t> RunTable::selected_runs() const {
    std::vector<RowRange> ranges;
    for (const QItemSelectionRange& range : view_->selectionModel()->selection()) {
        if (range.isValid()) {
            ranges.push_back({range.top(), range.height()});
        }
    }
    std::sort(ranges.begin(), ranges.end(), [](const RowRange& a, const RowRange& b) { return a.first < b.first; });
    std::vector<std::int64_t> runs;
    int next = 0;
    for (const RowRange& range : ranges) {
        for (int row = std::max(next, range.first); row < range.first + range.count; ++row) {
            runs.push_back(model_->run_at(row));
        }
        next = std::max(next, range.first + range.count);
    }
    return runs;
}

void RunTable::select_runs(const std::vector<std::int64_t>& runs) {
    std::vector<int> rows;
    for (const std::int64_t run : runs) {
        if (const int row = model_->row_of(run); row >= 0) {
            rows.push_back(row);
        }
    }
    std::sort(rows.begin(), rows.end());
    QItemSelection selection;
    std::size_t ranges = 0;
    const int last_column = model_->columnCount() - 1;
    for (std::size_t i = 0; i < rows.size(); ++ranges) {
        std::size_t end = i + 1;
        while (end < rows.size() && rows[end] == rows[end - 1] + 1) {
            ++end;
        }
        if (ranges < most_kept_ranges) {
            selection.append({model_->index(rows[i], 0), model_->index(rows[end - 1], last_column)});
        }
        i = end;
    }
    if (ranges > most_kept_ranges) {
        selection.clear();
    }
    view_->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
}

void RunTable::copy_selection() {
    model_->read_rows(selected_runs(), [](const std::vector<RunRow>& rows) {
        QGuiApplication::clipboard()->setText(to_qstring(runs_as_tsv(rows)));
    });
}

bool RunTable::restore_layout_state(const QByteArray& state) {
    if (!columns_->restore(state)) {
        return false;
    }
    const QHeaderView* header = view_->horizontalHeader();
    model_->sort(header->sortIndicatorSection(), header->sortIndicatorOrder());
    return true;
}

QByteArray RunTable::layout_state() const {
    return columns_->state();
}

void RunTable::keep_place() {
    moving_ = true;
    place_ = {};
    place_.selected = selected_runs();
    if (const QModelIndex current = view_->currentIndex(); current.isValid()) {
        place_.current = model_->run_at(current.row());
        place_.current_column = current.column();
    }
    const int top = view_->rowAt(0);
    if (top >= 0 && view_->verticalScrollBar()->value() > 0) {
        place_.top = model_->run_at(top);
        place_.below_top = -view_->rowViewportPosition(top);
    }
}

void RunTable::find_place() {
    const bool was_reset = !view_->currentIndex().isValid() && !view_->selectionModel()->hasSelection();
    if (was_reset) {
        if (const int row = model_->row_of(place_.current); row >= 0) {
            view_->selectionModel()->setCurrentIndex(model_->index(row, place_.current_column),
                                                     QItemSelectionModel::NoUpdate);
        }
        select_runs(place_.selected);
    }
    view_->doItemsLayout();
    const int top = model_->row_of(place_.top);
    view_->verticalScrollBar()->setValue(
        top < 0 ? 0 : top * view_->verticalHeader()->defaultSectionSize() + place_.below_top);
    moving_ = false;
    tell_selection();
    show_status();
}

void RunTable::tell_selection() {
    if (moving_) {
        return;
    }
    std::vector<std::int64_t> runs = selected_runs();
    copy_->setEnabled(!runs.empty());
    open_->setEnabled(!runs.empty());
    look_->setEnabled(!runs.empty());
    tags_->setEnabled(!runs.empty());
    note_->setEnabled(!runs.empty());
    delete_->setEnabled(!runs.empty());
    if (runs != told_) {
        told_ = std::move(runs);
        Q_EMIT selection_changed(told_);
    }
}

void RunTable::set_closed_text(const QString& text) {
    closed_text_ = text;
    show_status();
}

void RunTable::show_status() {
    const int shown = model_->rowCount();
    const bool filtered = !model_->query().filter.empty();
    const QString all = to_qstring(format_count(model_->total()));
    count_->setText(filtered               ? tr("%1 of %2 runs").arg(to_qstring(format_count(shown)), all)
                    : model_->total() == 1 ? tr("1 run")
                                           : tr("%1 runs").arg(all));
    export_->setEnabled(shown > 0);
    QString text;
    if (model_->database().isEmpty()) {
        text = closed_text_;
    } else if (!model_->problem().isEmpty()) {
        text = tr("The runs cannot be shown");
    } else if (!model_->settled()) {
        text = shown == 0 && model_->total() == 0 ? tr("Reading…") : empty_->text();
    } else if (filtered && model_->total() > 0) {
        text = tr("Nothing matches ‘%1’").arg(filter_->text().simplified());
    } else {
        text = tr("No runs yet");
    }
    empty_->setText(text);
    empty_->setVisible(shown == 0);
}

void RunTable::say(const QString& line) {
    line_->setText(line);
    line_->setVisible(!line.isEmpty());
    show_status();
}

void RunTable::escape() {
    if (view_->hasFocus() && view_->selectionModel()->hasSelection()) {
        view_->clearSelection();
    } else if (!filter_->text().isEmpty()) {
        filter_->clear();
    } else {
        view_->setFocus(Qt::OtherFocusReason);
    }
}

void RunTable::activate(const QModelIndex& index) {
    if (index.isValid()) {
        Q_EMIT run_activated(model_->run_at(index.row()));
    }
}

// Not a focus proxy: with one the Tab key would pass over the filter.
void RunTable::focusInEvent(QFocusEvent* event) {
    view_->setFocus(event->reason());
}

bool RunTable::eventFilter(QObject* watched, QEvent* event) {
    if (watched == view_->viewport() && event->type() == QEvent::Resize) {
        empty_->setGeometry(view_->viewport()->rect());
        columns_->fit();
    }
    if (event->type() == QEvent::KeyPress && (watched == filter_ || watched == view_)) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Escape) {
            escape();
            return true;
        }
        if (watched == filter_ && key == Qt::Key_Down) {
            view_->setFocus(Qt::OtherFocusReason);
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

}  // namespace longscope
