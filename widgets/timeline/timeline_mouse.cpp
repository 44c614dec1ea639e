// SPDX-License-Identifier: GPL-3.0-or-later
// What the mouse does in a TimelineView.
#include <QApplication>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QScrollBar>
#include <QToolTip>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "widgets/timeline/timeline_text.h"
#include "widgets/timeline/timeline_view.h"

namespace longscope {

namespace {

constexpr double notch = 120;  // of a wheel, in Qt's eighths of a degree
constexpr double zoom_of_notch = 1.25;
constexpr double pan_of_notch = 60;  // points
constexpr double slack = 3;          // points beside an event that still mean it

}  // namespace

std::optional<std::size_t> TimelineView::row_at(QPointF position) const {
    const QRectF area = plot();
    if (!is_shown() || position.y() < area.top()) {
        return std::nullopt;
    }
    return layout_.row_at(position.y() - area.top() + verticalScrollBar()->value());
}

std::optional<EventPlace> TimelineView::event_at(QPointF position) const {
    const std::optional<std::size_t> row = row_at(position);
    if (!row || plot_x(position) < 0) {
        return std::nullopt;
    }
    const auto slack_ns = static_cast<Nanoseconds>(std::ceil(slack * scale_.ns_per_point()));
    return rows_->find(*row, scale_.time_at(plot_x(position)), slack_ns);
}

bool TimelineView::viewportEvent(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto& help = static_cast<QHelpEvent&>(*event);
        const std::optional<std::size_t> row = row_at(help.pos());
        QString text = text_of(event_at(help.pos()), QStringLiteral("\n"));
        if (row && plot_x(help.pos()) < 0) {
            const std::int32_t rank = rows_->rows()[*row].rank;
            if (static_cast<std::size_t>(rank) < shares_.size()) {
                text = shares_text(rank, shares_[static_cast<std::size_t>(rank)]);
            }
        }
        QToolTip::showText(help.globalPos(), text, viewport());
        return true;
    }
    if (event->type() == QEvent::Leave) {
        hover(std::nullopt);
    }
    return QAbstractScrollArea::viewportEvent(event);
}

void TimelineView::wheelEvent(QWheelEvent* event) {
    event->accept();
    if (!is_shown()) {
        return;
    }
    const QPointF notches = QPointF(event->angleDelta()) / notch;
    const bool over_names = plot_x(event->position()) < 0;
    const bool other = event->modifiers().testFlag(Qt::ControlModifier);
    TimelineScale scale = scale_;
    if (std::abs(notches.x()) > std::abs(notches.y())) {
        scale.pan(-notches.x() * pan_of_notch);
    } else if (!over_names && wheel_zooms_ != other) {
        scale.zoom(plot_x(event->position()), std::pow(zoom_of_notch, notches.y()));
    } else {
        QScrollBar& bar = *verticalScrollBar();
        bar.setValue(bar.value() - static_cast<int>(std::lround(notches.y() * 3 * bar.singleStep())));
    }
    see(scale);
    hover(event_at(event->position()));
}

void TimelineView::mousePressEvent(QMouseEvent* event) {
    if (!is_shown() || drag_ != Drag::none) {
        return;
    }
    const bool shift = event->modifiers().testFlag(Qt::ShiftModifier);
    if (event->button() == Qt::MiddleButton || (event->button() == Qt::LeftButton && shift)) {
        drag_ = Drag::pan;
        viewport()->setCursor(Qt::ClosedHandCursor);
    } else if (event->button() == Qt::LeftButton) {
        drag_ = Drag::click;
    }
    pressed_ = event->localPos();
    dragged_ = pressed_;
}

void TimelineView::mouseMoveEvent(QMouseEvent* event) {
    const QPointF position = event->localPos();
    if (drag_ == Drag::click && plot_x(pressed_) >= 0 &&
        std::abs(position.x() - pressed_.x()) >= QApplication::startDragDistance()) {
        drag_ = Drag::range;
        set_current(std::nullopt);  // what is said next is of the time alone
    }
    if (drag_ == Drag::none) {
        hover(event_at(position));
    } else if (drag_ == Drag::pan) {
        TimelineScale scale = scale_;
        scale.pan(dragged_.x() - position.x());
        see(scale);
        QScrollBar& bar = *verticalScrollBar();
        bar.setValue(bar.value() + static_cast<int>(dragged_.y() - position.y()));
        dragged_ = position;
    } else if (drag_ == Drag::range) {
        const Nanoseconds from_ns = scale_.time_at(plot_x(pressed_));
        const Nanoseconds to_ns = scale_.time_at(std::clamp(plot_x(position), 0.0, scale_.width()));
        select(TimeWindow{std::min(from_ns, to_ns), std::max(from_ns, to_ns)});
    }
}

void TimelineView::mouseReleaseEvent(QMouseEvent* event) {
    const Drag drag = drag_;
    if ((event->buttons() & (Qt::LeftButton | Qt::MiddleButton)) != 0U) {
        return;  // the other button ends it
    }
    drag_ = Drag::none;
    viewport()->unsetCursor();
    if (drag == Drag::click) {
        click(event->localPos());
    }
    hover(event_at(event->localPos()));
}

void TimelineView::click(QPointF position) {
    const std::optional<std::size_t> row = row_at(position);
    if (row && plot_x(position) < 0) {
        const std::int32_t rank = rows_->rows()[*row].rank;
        set_rank(rank_ == rank ? std::nullopt : std::optional(rank));
        return;
    }
    const std::optional<EventPlace> place = event_at(position);
    set_current(place);
    if (!place) {
        select(std::nullopt);
    }
}

void TimelineView::mouseDoubleClickEvent(QMouseEvent* event) {
    if (!is_shown() || event->button() != Qt::LeftButton || plot_x(event->localPos()) < 0) {
        return;
    }
    const std::optional<EventPlace> place = event_at(event->localPos());
    TimelineScale scale = scale_;
    if (place) {
        set_current(place);
        const TraceEvent& found = rows_->event(*place);
        scale.focus({found.start_ns, found.end_ns()});
    } else {
        scale.fit();
    }
    see(scale);
}

}  // namespace longscope
