// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/results/run_columns.h"

#include <QAction>
#include <QHeaderView>
#include <QScopedValueRollback>
#include <QTableView>
#include <algorithm>
#include <array>
#include <utility>

#include "widgets/results/padded_cells.h"
#include "widgets/results/run_words.h"

namespace longscope {

namespace {

// From left to right, those that are shown at first, then the others; the order of the columns in files is that of
// RunColumn.
constexpr std::array<RunColumn, run_column_count> order{
    RunColumn::number,   RunColumn::name,      RunColumn::median_time, RunColumn::rate,
    RunColumn::strategy, RunColumn::ranks,     RunColumn::state,       RunColumn::tokens,
    RunColumn::tags,     RunColumn::note,      RunColumn::dispatch,    RunColumn::backend,
    RunColumn::started,  RunColumn::wall_time, RunColumn::host,        RunColumn::message};
constexpr std::size_t shown_at_first = 9;

constexpr int version = 2;  // of the state: raised when columns come, go or change places
constexpr int widest_name = 320;
constexpr int widest_note = 4000;

bool is_shown_at_first(RunColumn column) {
    const auto end = order.begin() + shown_at_first;
    return std::find(order.begin(), end, column) != end;
}

}  // namespace

RunColumns::RunColumns(QTableView& view, QObject* parent) : QObject(parent), view_(view), shown_(run_column_count) {
    make_menu();
    reset();
    QHeaderView* header = view_.horizontalHeader();
    connect(header, &QHeaderView::sectionResized, this, [this](int, int before, int after) {
        // Hiding and showing come as changes from and to 0.
        fitting_ = fitting_ && (setting_ || before == 0 || after == 0);
    });
}

void RunColumns::make_menu() {
    QHeaderView* header = view_.horizontalHeader();
    header->setContextMenuPolicy(Qt::ActionsContextMenu);
    for (int i = 1; i < static_cast<int>(run_column_count); ++i) {
        auto* show = new QAction(column_title(static_cast<RunColumn>(i)), header);
        show->setCheckable(true);
        show->setToolTip(column_explanation(static_cast<RunColumn>(i)));
        connect(show, &QAction::toggled, this, [this, i](bool on) {
            view_.setColumnHidden(i, !on);
            fit();
        });
        header->addAction(show);
        shown_[static_cast<std::size_t>(i)] = show;
    }
    auto* separator = new QAction(header);
    separator->setSeparator(true);
    header->addAction(separator);
    auto* again = new QAction(tr("Columns as at first"), header);
    again->setObjectName(QStringLiteral("reset_columns"));
    connect(again, &QAction::triggered, this, &RunColumns::reset);
    header->addAction(again);
}

void RunColumns::tick_menu() {
    for (std::size_t i = 1; i < shown_.size(); ++i) {
        shown_[i]->setChecked(!view_.isColumnHidden(static_cast<int>(i)));
    }
}

void RunColumns::reset() {
    const QScopedValueRollback<bool> setting(setting_, true);
    QHeaderView& header = *view_.horizontalHeader();
    for (std::size_t place = 0; place < order.size(); ++place) {
        const int section = static_cast<int>(order.at(place));
        header.moveSection(header.visualIndex(section), static_cast<int>(place));
        view_.setColumnHidden(section, !is_shown_at_first(order.at(place)));
    }
    fitting_ = true;
    tick_menu();
    fit();
}

// With the room for its heading and for what usually stands there.
int RunColumns::usual_width(RunColumn column) const {
    constexpr int padding = 4 * PaddedCells::padding + 4;
    constexpr int sort_mark = 20;  // with its margins
    const QFontMetrics metrics = view_.fontMetrics();
    return padding + std::max(metrics.horizontalAdvance(column_title(column)) + sort_mark,
                              metrics.horizontalAdvance(QLatin1String(column_sample(column))));
}

void RunColumns::fit() {
    if (!fitting_) {
        return;
    }
    const QScopedValueRollback<bool> setting(setting_, true);
    int room = view_.viewport()->width();
    for (const RunColumn column : order) {
        if (!view_.isColumnHidden(static_cast<int>(column))) {
            view_.setColumnWidth(static_cast<int>(column), usual_width(column));
            room -= usual_width(column);
        }
    }
    for (const auto& [column, most] : {std::pair{RunColumn::name, widest_name}, {RunColumn::note, widest_note}}) {
        const int section = static_cast<int>(column);
        if (room > 0 && !view_.isColumnHidden(section)) {
            const int more = std::clamp(most - usual_width(column), 0, room);
            view_.setColumnWidth(section, usual_width(column) + more);
            room -= more;
        }
    }
}

void RunColumns::show(RunColumn column) {
    shown_.at(static_cast<std::size_t>(column))->setChecked(true);
}

QByteArray RunColumns::state() const {
    return QByteArray::number(version) + (fitting_ ? "f" : "s") + view_.horizontalHeader()->saveState();
}

bool RunColumns::restore(const QByteArray& state) {
    const QScopedValueRollback<bool> setting(setting_, true);
    const QByteArray head = QByteArray::number(version);
    if (!state.startsWith(head) || !view_.horizontalHeader()->restoreState(state.mid(head.size() + 1))) {
        return false;
    }
    fitting_ = state.at(head.size()) == 'f';
    tick_menu();
    fit();
    return true;
}

}  // namespace longscope
