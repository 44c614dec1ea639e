// SPDX-License-Identifier: GPL-3.0-or-later
// What the keys do in a TimelineView: one table for the keys, the menus and the sheet of shortcuts.
#include <QKeyEvent>
#include <QScrollBar>
#include <algorithm>

#include "widgets/timeline/timeline_view.h"

namespace longscope {

struct TimelineView::Key {
    std::vector<int> keys;  // with their modifiers
    const char* text;
    void (TimelineView::*run)();
};

const std::vector<TimelineView::Key>& TimelineView::keys() {
    static const std::vector<Key> table{
        {{Qt::Key_W, Qt::Key_Plus, int{Qt::SHIFT} + int{Qt::Key_Plus}, Qt::Key_Equal},
         QT_TR_NOOP("Zoom in"),
         &TimelineView::zoom_in},
        {{Qt::Key_S, Qt::Key_Minus}, QT_TR_NOOP("Zoom out"), &TimelineView::zoom_out},
        {{Qt::Key_A, Qt::Key_Left}, QT_TR_NOOP("Pan to earlier times"), &TimelineView::pan_left},
        {{Qt::Key_D, Qt::Key_Right}, QT_TR_NOOP("Pan to later times"), &TimelineView::pan_right},
        {{Qt::Key_Home}, QT_TR_NOOP("Go to the begin"), &TimelineView::go_to_begin},
        {{Qt::Key_End}, QT_TR_NOOP("Go to the end"), &TimelineView::go_to_end},
        {{Qt::Key_F}, QT_TR_NOOP("Focus the selection, then fit all"), &TimelineView::focus_selection},
        {{Qt::Key_Escape}, QT_TR_NOOP("Clear the selection"), &TimelineView::clear_selection},
        {{Qt::Key_Period}, QT_TR_NOOP("Next event of the row"), &TimelineView::next_event},
        {{Qt::Key_Comma}, QT_TR_NOOP("Previous event of the row"), &TimelineView::previous_event},
        {{Qt::Key_Up}, QT_TR_NOOP("Event of the row above"), &TimelineView::event_above},
        {{Qt::Key_Down}, QT_TR_NOOP("Event of the row below"), &TimelineView::event_below},
        {{Qt::Key_Return, Qt::Key_Enter},
         QT_TR_NOOP("Select the time of the current event"),
         &TimelineView::select_event_time},
        {{Qt::Key_BracketLeft}, QT_TR_NOOP("Begin the selection at the current event"), &TimelineView::begin_selection},
        {{Qt::Key_BracketRight}, QT_TR_NOOP("End the selection after the current event"), &TimelineView::end_selection},
        {{Qt::Key_R}, QT_TR_NOOP("Sum up the current event's rank, or all"), &TimelineView::toggle_rank},
        {{Qt::Key_PageUp}, QT_TR_NOOP("Scroll up"), &TimelineView::page_up},
        {{Qt::Key_PageDown}, QT_TR_NOOP("Scroll down"), &TimelineView::page_down},
    };
    return table;
}

std::vector<TimelineCommand> TimelineView::commands() {
    std::vector<TimelineCommand> commands;
    for (const Key& key : keys()) {
        commands.push_back(
            {tr(key.text), {key.keys.begin(), key.keys.end()}, [this, run = key.run] { (this->*run)(); }});
    }
    return commands;
}

const TimelineView::Key* TimelineView::key_of(const QKeyEvent& event) const {
    const int pressed = event.key() + static_cast<int>(event.modifiers() & ~Qt::KeypadModifier);
    for (const Key& key : keys()) {
        if (std::find(key.keys.begin(), key.keys.end(), pressed) != key.keys.end()) {
            return &key;
        }
    }
    return nullptr;
}

bool TimelineView::event(QEvent* event) {
    // With the focus here, our keys are not shortcuts of the window.
    if (event->type() == QEvent::ShortcutOverride && key_of(static_cast<QKeyEvent&>(*event)) != nullptr) {
        event->accept();
        return true;
    }
    return QAbstractScrollArea::event(event);
}

void TimelineView::keyPressEvent(QKeyEvent* event) {
    const Key* key = key_of(*event);
    // Escape with nothing to clear belongs to the window.
    const bool idle = event->key() == Qt::Key_Escape && !range_ && !current_ && !rank_;
    if (key == nullptr || !is_shown() || idle) {
        event->ignore();
        return;
    }
    (this->*key->run)();
}

void TimelineView::focusInEvent(QFocusEvent* event) {
    QAbstractScrollArea::focusInEvent(event);
    viewport()->update();
}

void TimelineView::focusOutEvent(QFocusEvent* event) {
    QAbstractScrollArea::focusOutEvent(event);
    viewport()->update();
}

void TimelineView::changeEvent(QEvent* event) {
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::FontChange) {
        arrange_details();
        show_details();
        arrange();
    }
}

void TimelineView::zoom_in_the_middle(double factor) {
    TimelineScale scale = scale_;
    // About the current event when it is in sight.
    double x = scale.width() / 2;
    if (const TraceEvent* event = current_event()) {
        const double middle = (scale.place(event->start_ns) + scale.place(event->end_ns())) / 2;
        x = middle >= 0 && middle <= scale.width() ? middle : x;
    }
    scale.zoom(x, factor);
    see(scale);
}

void TimelineView::zoom_in() {
    zoom_in_the_middle(1.5);
}

void TimelineView::zoom_out() {
    zoom_in_the_middle(1 / 1.5);
}

void TimelineView::pan_left() {
    TimelineScale scale = scale_;
    scale.pan(-scale.width() / 8);
    see(scale);
}

void TimelineView::pan_right() {
    TimelineScale scale = scale_;
    scale.pan(scale.width() / 8);
    see(scale);
}

void TimelineView::go_to_begin() {
    TimelineScale scale = scale_;
    scale.reveal({scale.extent().begin_ns, scale.extent().begin_ns});
    see(scale);
}

void TimelineView::go_to_end() {
    TimelineScale scale = scale_;
    scale.reveal({scale.extent().end_ns, scale.extent().end_ns});
    see(scale);
}

void TimelineView::focus_selection() {
    TimelineScale scale = scale_;
    if (range_) {
        scale.focus(*range_);
    } else if (const TraceEvent* event = current_event()) {
        scale.focus({event->start_ns, event->end_ns()});
    }
    if (scale == scale_) {
        scale.fit();
    }
    see(scale);
}

void TimelineView::clear_selection() {
    drag_ = Drag::none;
    set_current(std::nullopt);
    set_rank(std::nullopt);
    select(std::nullopt);
}

EventPlace TimelineView::first_in_sight() const {
    const std::size_t row = layout_.row_at(verticalScrollBar()->value()).value_or(0);
    return rows_->nearest(row, scale_.window().begin_ns);
}

void TimelineView::next_event() {
    if (is_shown()) {
        set_current(current_ ? rows_->next(*current_).value_or(*current_) : first_in_sight());
    }
}

void TimelineView::previous_event() {
    if (is_shown()) {
        set_current(current_ ? rows_->previous(*current_).value_or(*current_) : first_in_sight());
    }
}

void TimelineView::move_event(int rows) {
    if (!is_shown()) {
        return;
    }
    if (!current_) {
        set_current(first_in_sight());
        return;
    }
    const auto row = static_cast<std::ptrdiff_t>(current_->row) + rows;
    if (row < 0 || row >= static_cast<std::ptrdiff_t>(rows_->rows().size())) {
        return;
    }
    const TraceEvent& event = rows_->event(*current_);
    set_current(rows_->nearest(static_cast<std::size_t>(row), event.start_ns + event.duration_ns / 2));
}

void TimelineView::event_above() {
    move_event(-1);
}

void TimelineView::event_below() {
    move_event(1);
}

void TimelineView::select_event_time() {
    if (const TraceEvent* event = current_event()) {
        select(TimeWindow{event->start_ns, event->end_ns()});
    }
}

void TimelineView::begin_selection() {
    if (is_shown()) {
        const TraceEvent* event = current_event();
        const Nanoseconds begin_ns = event != nullptr ? event->start_ns : scale_.window().begin_ns;
        const Nanoseconds end_ns = range_ ? range_->end_ns : rows_->extent().end_ns;
        select(TimeWindow{begin_ns, end_ns > begin_ns ? end_ns : rows_->extent().end_ns});
    }
}

void TimelineView::end_selection() {
    if (is_shown()) {
        const TraceEvent* event = current_event();
        const Nanoseconds end_ns = event != nullptr ? event->end_ns() : scale_.window().end_ns;
        const Nanoseconds begin_ns = range_ ? range_->begin_ns : rows_->extent().begin_ns;
        select(TimeWindow{begin_ns < end_ns ? begin_ns : rows_->extent().begin_ns, end_ns});
    }
}

void TimelineView::toggle_rank() {
    const TraceEvent* event = current_event();
    set_rank(rank_ || event == nullptr ? std::nullopt : std::optional(event->rank));
}

void TimelineView::page_up() {
    verticalScrollBar()->triggerAction(QScrollBar::SliderPageStepSub);
}

void TimelineView::page_down() {
    verticalScrollBar()->triggerAction(QScrollBar::SliderPageStepAdd);
}

}  // namespace longscope
