// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timeline/timeline_view.h"

#include <QLabel>
#include <QPainter>
#include <QResizeEvent>
#include <QScrollBar>
#include <algorithm>
#include <cmath>
#include <utility>

#include "profiler/trace_csv.h"
#include "widgets/base/colours.h"
#include "widgets/timeline/timeline_painter.h"
#include "widgets/timeline/timeline_text.h"

namespace longscope {

namespace {

// So many are read and summed up in a few milliseconds; more of them on another thread.
constexpr std::size_t events_at_once = 20'000;
constexpr int details_margin = 4;

QString message_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return QString::fromUtf8(e.what());
    }
}

}  // namespace

TimelineView::TimelineView(const Appearance& appearance, QWidget* parent)
    : QAbstractScrollArea(parent), appearance_(appearance), details_(new QLabel(this)) {
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setMouseTracking(true);
    viewport()->setAttribute(Qt::WA_OpaquePaintEvent);
    setAccessibleName(tr("Timeline"));
    details_->setAccessibleName(tr("Details of the timeline"));
    details_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    details_->setTextFormat(Qt::PlainText);
    details_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    details_->setMargin(details_margin);
    details_->setIndent(details_margin);
    connect(&appearance_, &Appearance::changed, viewport(), QOverload<>::of(&QWidget::update));
    arrange_details();
    clear();
}

TimelineView::~TimelineView() = default;

void TimelineView::set_trace(std::shared_ptr<const Trace> trace, const std::vector<RankShares>& shares) {
    if (trace == nullptr) {
        clear();
        return;
    }
    forget();
    shares_ = shares;
    const auto show_failure = [this](const std::exception_ptr& error) {
        show_message(tr("This timeline cannot be shown: %1").arg(message_of(error)));
    };
    if (trace->events.size() <= events_at_once) {
        try {
            show_rows(std::make_shared<const TimelineRows>(std::move(trace)));
        } catch (...) {
            show_failure(std::current_exception());
        }
        return;
    }
    show_message(tr("Reading the timeline ..."));
    building_.start([trace = std::move(trace)](
                        const std::atomic<bool>& /*cancelled*/) { return std::make_shared<const TimelineRows>(trace); },
                    [this](std::shared_ptr<const TimelineRows> rows) { show_rows(std::move(rows)); }, show_failure);
}

void TimelineView::clear() {
    forget();
    shares_.clear();
    show_message(tr("No timeline yet: run an experiment or open a run."));
}

void TimelineView::set_title(const QString& title) {
    title_ = title;
}

void TimelineView::forget() {
    building_.cancel();
    hover(std::nullopt);
    clear_selection();
    rows_.reset();
    drag_ = Drag::none;
}

void TimelineView::show_rows(std::shared_ptr<const TimelineRows> rows) {
    if (rows->rows().empty()) {
        show_message(tr("No event was recorded in this run."));
        return;
    }
    rows_ = std::move(rows);
    message_.clear();
    arrange_details();
    scale_ = TimelineScale(rows_->extent(), plot().width());
    arrange();
    verticalScrollBar()->setValue(0);
    show_details();
    viewport()->update();
    Q_EMIT window_changed(scale_.window());
    Q_EMIT trace_shown();
}

void TimelineView::show_message(const QString& text) {
    message_ = text;
    arrange_details();
    arrange();
    show_details();
    viewport()->update();
}

void TimelineView::show_window(TimeWindow window) {
    TimelineScale scale = scale_;
    scale.focus(window);
    see(scale);
}

void TimelineView::see(const TimelineScale& scale) {
    if (is_shown() && scale != scale_) {
        scale_ = scale;
        viewport()->update();
        Q_EMIT window_changed(scale_.window());
    }
}

QRectF TimelineView::plot() const {
    if (rows_ == nullptr) {
        return viewport()->rect();
    }
    const double left = label_width(font(), *rows_);
    const double top = header_height(font());
    return {left, top, std::max(viewport()->width() - left, 1.0), std::max(viewport()->height() - top, 1.0)};
}

void TimelineView::arrange() {
    QScrollBar& bar = *verticalScrollBar();
    if (!is_shown()) {
        bar.setRange(0, 0);
        return;
    }
    const QRectF area = plot();
    layout_ = lay_out(rows_->rows(), area.height());
    bar.setRange(0, std::max(0, static_cast<int>(std::ceil(layout_.height - area.height()))));
    bar.setPageStep(static_cast<int>(area.height()));
    bar.setSingleStep(24);
    scale_.set_width(area.width());
}

// Below the rows, an event and its summary always have their lines: nothing moves when they fill. Where there is little
// room the rows need it more. show_details() follows.
void TimelineView::arrange_details() {
    detail_lines_ = this->height() < 24 * details_->fontMetrics().lineSpacing() ? 3 : 5;
    details_->setText(QStringLiteral("1") + QStringLiteral("\n1").repeated(detail_lines_ - 1));  // to be measured
    const int height = is_shown() ? details_->sizeHint().height() : 0;
    setViewportMargins(0, 0, 0, height);
    details_->setGeometry(0, this->height() - height, width(), height);
    details_->setVisible(is_shown());
}

void TimelineView::select(std::optional<TimeWindow> window) {
    if (window && is_shown()) {
        const TimeWindow extent = rows_->extent();
        window = TimeWindow{std::clamp(window->begin_ns, extent.begin_ns, extent.end_ns),
                            std::clamp(window->end_ns, extent.begin_ns, extent.end_ns)};
    }
    if (!is_shown() || (window && window->length_ns() <= 0)) {
        window.reset();
    }
    if (window != range_) {
        range_ = window;
        sum_up();
        viewport()->update();
        Q_EMIT selection_changed(range_);
    }
}

const TraceEvent* TimelineView::current_event() const {
    return current_ && rows_ != nullptr ? &rows_->event(*current_) : nullptr;
}

void TimelineView::set_current(std::optional<EventPlace> place) {
    if (!is_shown()) {
        place.reset();
    }
    if (place == current_) {
        return;
    }
    current_ = place;
    if (place) {
        const TraceEvent& event = rows_->event(*place);
        TimelineScale scale = scale_;
        const double begin = scale.place(event.start_ns);
        const double end = scale.place(event.end_ns());
        if (end < 0 || begin > scale.width() || (begin < 0 && end <= scale.width()) ||
            (begin >= 0 && end > scale.width())) {
            scale.reveal({event.start_ns, event.end_ns()});
        }
        see(scale);
        scroll_to(place->row);
    }
    show_details();
    viewport()->update();
    Q_EMIT current_changed(text_of(place, QStringLiteral("; ")));
}

void TimelineView::set_rank(std::optional<std::int32_t> rank) {
    if (rank != rank_ && (!rank || (rows_ != nullptr && *rank >= 0 && *rank < rows_->trace().ranks))) {
        rank_ = rank;
        sum_up();
        viewport()->update();
    }
}

void TimelineView::sum_up() {
    summing_.cancel();
    if (!range_) {
        summary_.clear();
        show_details();
        Q_EMIT summary_changed(summary_);
        return;
    }
    if (rows_->trace().events.size() <= events_at_once) {
        show_summary(window_summary(rows_->trace(), *range_, rank_));
        return;
    }
    summing_.start([rows = rows_, range = *range_, rank = rank_](
                       const std::atomic<bool>& /*cancelled*/) { return window_summary(rows->trace(), range, rank); },
                   [this](const WindowSummary& summary) { show_summary(summary); },
                   [this](const std::exception_ptr& error) {
                       summary_ = QStringList{message_of(error)};
                       show_details();
                       Q_EMIT summary_changed(summary_);
                   });
}

void TimelineView::show_summary(const WindowSummary& summary) {
    summary_ = summary_lines(summary, rows_->extent().begin_ns, rank_);
    show_details();
    Q_EMIT summary_changed(summary_);
}

// Parts between semicolons, as many on a line as have room there.
static QStringList wrapped(const QString& text, const QFontMetrics& metrics, int width) {
    QStringList lines;
    for (const QString& part : text.split(QStringLiteral("; "))) {
        const QString longer = lines.isEmpty() ? part : lines.last() + QStringLiteral("; ") + part;
        if (lines.isEmpty() || metrics.horizontalAdvance(longer) > width) {
            lines << part;
        } else {
            lines.last() = longer;
        }
    }
    return lines;
}

void TimelineView::show_details() {
    const QString current = text_of(current_, QStringLiteral("; "));
    const QString event = hovered_ ? text_of(hovered_, QStringLiteral("; ")) : current;
    const QString overview = is_shown() ? overview_text(*rows_) : message_;
    const QString description = current.isEmpty() ? overview : current;
    if (description != accessibleDescription()) {
        setAccessibleDescription(description);
    }
    QStringList lines = summary_;
    // With a line of its own, even if it is empty: the sums below stay where they are.
    if (!event.isEmpty() || !lines.isEmpty()) {
        lines.prepend(event);
    }
    if (lines.isEmpty() && is_shown()) {
        lines << overview
              << tr("Drag to select a stretch of time, click an event or a rank. The wheel zooms, the middle button "
                    "pans.")
              << tr("Keys: W and S zoom, A and D pan, F fits, full stop and comma step through the events of a row.");
    }
    details_->setToolTip(lines.join(QLatin1Char('\n')));  // whole, however narrow the view is
    if (summary_.isEmpty() && !event.isEmpty()) {
        lines = wrapped(event, details_->fontMetrics(), width() - 4 * details_margin);  // the lines below are free
    }
    lines = lines.mid(0, detail_lines_);
    for (QString& line : lines) {
        line = details_->fontMetrics().elidedText(line, Qt::ElideRight, width() - 4 * details_margin);
    }
    details_->setText(lines.join(QLatin1Char('\n')));
}

void TimelineView::hover(std::optional<EventPlace> place) {
    if (place != hovered_) {
        hovered_ = place;
        show_details();
        viewport()->update();
        Q_EMIT hovered(text_of(place, QStringLiteral("\n")));
    }
}

QString TimelineView::text_of(std::optional<EventPlace> place, const QString& separator) const {
    return place && rows_ != nullptr ? event_lines(*rows_, rows_->event(*place)).join(separator) : QString();
}

void TimelineView::scroll_to(std::size_t row) {
    const RowArea& area = layout_.rows[row];
    QScrollBar& bar = *verticalScrollBar();
    const double height = plot().height();
    if (area.top < bar.value()) {
        bar.setValue(static_cast<int>(area.top) - 4);
    } else if (area.bottom() > bar.value() + height) {
        bar.setValue(static_cast<int>(std::ceil(area.bottom() - height)) + 4);
    }
}

std::function<DisplayList()> TimelineView::picture_maker(double width) const {
    TimelineOptions options;
    options.theme = appearance_.theme();
    options.title = title_.toStdString();
    options.width = width;
    if (!is_shown()) {
        return [options = std::move(options)] { return draw_timeline({}, options); };
    }
    // Shares are those of the whole time.
    if (scale_.fits_all()) {
        if (shares_.size() == static_cast<std::size_t>(rows_->trace().ranks)) {
            options.shares = shares_;
        }
    } else {
        options.window = scale_.window();
    }
    return [rows = rows_, options = std::move(options)] { return draw_timeline(rows->trace(), options); };
}

std::function<std::string()> TimelineView::csv_maker() const {
    if (!is_shown()) {
        return [] { return trace_csv({}); };
    }
    return [rows = rows_, window = range_.value_or(scale_.window())] {
        std::vector<const TraceEvent*> events;
        for (const TimelineRow& row : rows->rows()) {
            for (const TraceEvent* event : row.around(window)) {
                const bool instant = event->duration_ns == 0 && event->start_ns == window.begin_ns;
                if (event->start_ns < window.end_ns && (event->end_ns() > window.begin_ns || instant)) {
                    events.push_back(event);
                }
            }
        }
        return trace_csv(events);
    };
}

void TimelineView::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(viewport());
    painter.setFont(font());
    const Theme& theme = appearance_.theme();
    if (!is_shown()) {
        painter.fillRect(viewport()->rect(), to_qcolor(theme.background));
        painter.setPen(to_qcolor(theme.muted));
        painter.drawText(viewport()->rect().adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap, message_);
        return;
    }
    paint_timeline(painter,
                   {theme, *rows_, layout_, scale_, plot(), static_cast<double>(verticalScrollBar()->value()), &shares_,
                    hovered_, current_, range_, rank_, hasFocus() ? palette().color(QPalette::Highlight) : QColor()});
}

void TimelineView::resizeEvent(QResizeEvent* event) {
    QAbstractScrollArea::resizeEvent(event);
    arrange_details();
    show_details();
    arrange();
}

}  // namespace longscope
