// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timeline/timeline_painter.h"

#include <QFontMetricsF>
#include <QPaintDevice>
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "engine/base/units.h"
#include "engine/draw/ticks.h"
#include "engine/draw/timeline_bars.h"
#include "widgets/base/colours.h"
#include "widgets/timeline/timeline_text.h"

namespace longscope {

namespace {

constexpr double margin = 8;
constexpr double swatch = 10;
constexpr double overview_height = 3;
constexpr double share_bar_width = 56;
constexpr double least_tick_gap = 22;
constexpr std::size_t max_flows = 200;
constexpr double arrow_size = 6;

QColor with_alpha(Colour colour, int alpha) {
    QColor result = to_qcolor(colour);
    result.setAlpha(alpha);
    return result;
}

class TimelinePainter {
  public:
    TimelinePainter(QPainter& painter, const TimelineScene& scene)
        : painter_(painter),
          scene_(scene),
          theme_(scene.theme),
          plot_(scene.plot),
          metrics_(painter.font()),
          pixels_(painter.device()->devicePixelRatioF()) {
        // Bars stand where they belong to a fraction of a nanosecond, although their scale counts whole ones.
        const TimeWindow window = scene.scale.window();
        const double begin = scene.scale.place(window.begin_ns);
        bar_scale_ = {window.begin_ns, window.end_ns, scene.scale.place(window.end_ns) - begin};
        bar_origin_ = plot_.left() + begin;
    }

    void paint() {
        painter_.fillRect(QRectF(0, 0, plot_.right(), plot_.bottom()), to_qcolor(theme_.background));
        find_ticks();
        painter_.save();
        painter_.setClipRect(plot_);
        paint_ground();
        for_visible_rows([&](std::size_t row) { paint_bars(row); });
        paint_flows();
        paint_step_labels();
        paint_range();
        outline(scene_.hovered, 1);
        outline(scene_.selected, 2);
        painter_.restore();
        painter_.save();
        painter_.setClipRect(QRectF(0, plot_.top(), plot_.left(), plot_.height()));
        for (const RankArea& rank : scene_.layout.ranks) {
            if (is_visible(rank.top, rank.height)) {
                paint_names(rank);
            }
        }
        painter_.restore();
        paint_legend();
        paint_axis();
        paint_overview();
    }

  private:
    [[nodiscard]] double y(double top) const { return plot_.top() + top - scene_.scroll; }
    [[nodiscard]] double x(Nanoseconds time_ns) const { return plot_.left() + scene_.scale.place(time_ns); }
    // To whole pixels of the device.
    [[nodiscard]] double snap(double value) const { return std::round(value * pixels_) / pixels_; }
    [[nodiscard]] bool is_visible(double top, double height) const {
        return y(top + height) > plot_.top() && y(top) < plot_.bottom();
    }

    template <typename Paint>
    void for_visible_rows(const Paint& paint) const {
        for (std::size_t row = 0; row < scene_.layout.rows.size(); ++row) {
            if (is_visible(scene_.layout.rows[row].top, scene_.layout.rows[row].height)) {
                paint(row);
            }
        }
    }

    void find_ticks() {
        const TimeWindow window = scene_.scale.window();
        const Nanoseconds origin_ns = scene_.rows.extent().begin_ns;
        for (int count = std::max(1, static_cast<int>(plot_.width() / 90)); count >= 1; count = count * 2 / 3) {
            ticks_ = time_ticks(window.begin_ns - origin_ns, window.length_ns(), count);
            double widest = 0;
            for (const Tick& tick : ticks_) {
                widest = std::max(widest, metrics_.horizontalAdvance(to_qstring(tick.label)));
            }
            if (ticks_.size() < 2 || widest + least_tick_gap <= tick_x(ticks_[1]) - tick_x(ticks_[0])) {
                break;
            }
        }
    }

    [[nodiscard]] double tick_x(const Tick& tick) const { return snap(x(tick.value + scene_.rows.extent().begin_ns)); }

    void paint_ground() {
        const QColor shade = to_qcolor(mix(theme_.background, theme_.foreground, 0.03));
        for (std::size_t i = 1; i < scene_.layout.ranks.size(); i += 2) {
            const RankArea& rank = scene_.layout.ranks[i];
            painter_.fillRect(QRectF(plot_.left(), y(rank.top), plot_.width(), rank.height), shade);
        }
        for (const Tick& tick : ticks_) {
            painter_.fillRect(QRectF(tick_x(tick), plot_.top(), 1, plot_.height()), to_qcolor(theme_.grid));
        }
    }

    void paint_bars(std::size_t row) {
        const RowArea& area = scene_.layout.rows[row];
        const double top = y(area.top);
        for (const TimelineBar& bar :
             timeline_bars(scene_.rows.rows()[row].around(scene_.scale.window()), bar_scale_)) {
            const double begin = snap(bar_origin_ + bar.begin);
            const double width = std::max(snap(bar_origin_ + bar.end) - begin, 1 / pixels_);
            // Events that follow one another closely stay apart to the eye.
            const double gap = bar.event != nullptr && width >= 5 && bar.end < bar_scale_.length ? 1 : 0;
            const double bar_top = snap(top + bar.top * area.height);
            const QRectF rect(begin, bar_top, width - gap, snap(top + bar.bottom * area.height) - bar_top);
            painter_.fillRect(rect, to_qcolor(theme_.category(bar.category)));
            if (bar.event != nullptr && is_attend(bar.category) && rect.height() >= metrics_.height()) {
                steps_.push_back({rect, bar.event->step});
            }
        }
    }

    void paint_step_labels() {
        painter_.setPen(to_qcolor(ink_on(theme_.category(Category::attend))));
        const double digit = metrics_.horizontalAdvance(QLatin1Char('0'));
        for (const auto& [rect, step] : steps_) {
            // Of a bar that reaches out of sight, the middle of what is seen.
            const QRectF seen = rect & plot_;
            if (seen.width() < digit + 6) {
                continue;
            }
            QString text = step_name(step);
            if (metrics_.horizontalAdvance(text) + 8 > seen.width()) {
                text = QString::number(step);
            }
            if (metrics_.horizontalAdvance(text) + 6 <= seen.width()) {
                painter_.drawText(QRectF(seen.left(), rect.top(), seen.width(), rect.height()), Qt::AlignCenter, text);
            }
        }
    }

    void paint_flows() {
        painter_.setRenderHint(QPainter::Antialiasing, true);
        for (const TimelineFlow* flow : scene_.rows.flows_within(scene_.scale.window(), max_flows)) {
            paint_flow(*flow, to_qcolor(theme_.flow), 1);
        }
        for (const std::optional<EventPlace>& place : {scene_.hovered, scene_.selected}) {
            if (place) {
                const TimelineFlow* flow = scene_.rows.flow(scene_.rows.event(*place).flow);
                if (flow != nullptr) {
                    paint_flow(*flow, to_qcolor(theme_.foreground), 1.6);
                }
            }
        }
        painter_.setRenderHint(QPainter::Antialiasing, false);
    }

    [[nodiscard]] QPointF middle(std::size_t row, Nanoseconds time_ns) const {
        const RowArea& area = scene_.layout.rows[row];
        return {x(time_ns), y(area.top + area.height / 2)};
    }

    // From the begin of the send to the end of its receive.
    void paint_flow(const TimelineFlow& flow, const QColor& colour, double width) {
        const QPointF from = middle(flow.send_row, flow.send->start_ns);
        const QPointF to = middle(flow.receive_row, flow.receive->end_ns());
        painter_.setPen(QPen(colour, width));
        painter_.drawLine(from, to);
        const QPointF way = to - from;
        const double length = std::hypot(way.x(), way.y());
        if (length < arrow_size) {
            return;
        }
        const QPointF along = way / length * arrow_size;
        const QPointF across(along.y() * 0.4, -along.x() * 0.4);
        painter_.setPen(Qt::NoPen);
        painter_.setBrush(colour);
        const std::array<QPointF, 3> head{to, to - along + across, to - along - across};
        painter_.drawPolygon(head.data(), static_cast<int>(head.size()));
        painter_.setBrush(Qt::NoBrush);
    }

    void paint_range() {
        if (scene_.range) {
            const double begin = snap(x(scene_.range->begin_ns));
            const double end = snap(x(scene_.range->end_ns));
            painter_.fillRect(QRectF(begin, plot_.top(), end - begin, plot_.height()),
                              with_alpha(theme_.foreground, 30));
            for (const double edge : {begin, end - 1}) {
                painter_.fillRect(QRectF(edge, plot_.top(), 1, plot_.height()), with_alpha(theme_.foreground, 170));
            }
        }
    }

    void outline(const std::optional<EventPlace>& place, double width) {
        if (!place) {
            return;
        }
        const TraceEvent& event = scene_.rows.event(*place);
        const RowArea& area = scene_.layout.rows[place->row];
        const double begin = std::max(snap(x(event.start_ns)), plot_.left() - 10);
        const double end = std::min(std::max(snap(x(event.end_ns())), begin + 2), plot_.right() + 10);
        if (end < begin) {
            return;
        }
        // A light and a dark line: one of them stands out from any colour.
        const QRectF rect(begin, y(area.top), end - begin, area.height);
        painter_.setBrush(Qt::NoBrush);
        painter_.setPen(QPen(to_qcolor(theme_.foreground), width));
        painter_.drawRect(rect.adjusted(-width / 2, -width / 2, width / 2, width / 2));
        if (rect.width() > 6) {
            painter_.setPen(QPen(to_qcolor(theme_.background), 1));
            painter_.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5));
        }
    }

    void paint_names(const RankArea& rank) {
        const RowArea& first = scene_.layout.rows[rank.first_row];
        const QRectF line(margin, y(first.top), plot_.left() - 2 * margin, first.height);
        if (scene_.rank == rank.rank) {
            painter_.fillRect(QRectF(0, y(rank.top), plot_.left() - 3, rank.height), with_alpha(theme_.foreground, 36));
        }
        painter_.setPen(to_qcolor(theme_.foreground));
        painter_.drawText(line.adjusted(0, -6, 0, 6), Qt::AlignLeft | Qt::AlignVCenter, rank_name(rank.rank));
        if (scene_.layout.names_streams) {
            painter_.setPen(to_qcolor(theme_.muted));
            for (std::size_t row = rank.first_row; row < rank.end_row; ++row) {
                const RowArea& area = scene_.layout.rows[row];
                painter_.drawText(QRectF(margin, y(area.top) - 6, plot_.left() - 2 * margin, area.height + 12),
                                  Qt::AlignRight | Qt::AlignVCenter, stream_name(scene_.rows.rows()[row].stream));
            }
        }
        paint_shares(rank);
    }

    // Below the name of the rank, or where the names of streams would stand.
    void paint_shares(const RankArea& rank) {
        const auto index = static_cast<std::size_t>(rank.rank);
        if (scene_.shares == nullptr || index >= scene_.shares->size()) {
            return;
        }
        const RowArea& first = scene_.layout.rows[rank.first_row];
        const double middle = y(first.top + first.height / 2);
        double at = scene_.layout.names_streams ? margin : plot_.left() - margin - share_bar_width;
        const double top = snap(scene_.layout.names_streams ? middle + metrics_.height() / 2 + 1 : middle - 2);
        const RankShares& shares = (*scene_.shares)[index];
        painter_.fillRect(QRectF(at, top, share_bar_width, 4), to_qcolor(theme_.grid));
        const std::array<std::pair<double, Category>, 3> parts{{{shares.computing, Category::attend},
                                                                {shares.exposed_communication, Category::send},
                                                                {shares.waiting, Category::wait}}};
        for (const auto& [share, category] : parts) {
            const double width = std::clamp(share, 0.0, 1.0) * share_bar_width;
            painter_.fillRect(QRectF(snap(at), top, snap(at + width) - snap(at), 4),
                              to_qcolor(theme_.category(category)));
            at += width;
        }
    }

    void paint_legend() {
        double at = plot_.left();
        const double baseline = margin / 2 + metrics_.ascent();
        static const std::vector<RankShares> none;
        for (const auto& [category, name] :
             legend_entries(scene_.rows, scene_.shares == nullptr ? none : *scene_.shares)) {
            const double width = swatch + 6 + metrics_.horizontalAdvance(name);
            if (at + width > plot_.right()) {
                break;
            }
            painter_.fillRect(QRectF(at, baseline - swatch + 1, swatch, swatch), to_qcolor(theme_.category(category)));
            painter_.setPen(to_qcolor(theme_.muted));
            painter_.drawText(QPointF(at + swatch + 6, baseline), name);
            at += width + 16;
        }
    }

    void paint_axis() {
        const double baseline = plot_.top() - overview_height - 5 - metrics_.descent();
        const QRectF length = range_length_box(baseline);
        painter_.setPen(to_qcolor(theme_.muted));
        for (const Tick& tick : ticks_) {
            const QString label = to_qstring(tick.label);
            const double width = metrics_.horizontalAdvance(label);
            const double left =
                std::clamp(tick_x(tick) - width / 2, plot_.left(), std::max(plot_.left(), plot_.right() - width - 2));
            if (!length.intersects(QRectF(left - 4, length.top(), width + 8, length.height()))) {
                painter_.drawText(QPointF(left, baseline), label);
            }
        }
        if (!length.isEmpty()) {
            painter_.fillRect(length, to_qcolor(theme_.foreground));
            painter_.setPen(to_qcolor(theme_.background));
            painter_.drawText(length, Qt::AlignCenter, to_qstring(format_duration(scene_.range->length_ns())));
        }
    }

    // How long the selection is, on the axis above it; empty when it is out of sight.
    [[nodiscard]] QRectF range_length_box(double baseline) const {
        if (!scene_.range) {
            return {};
        }
        const double begin = std::max(x(scene_.range->begin_ns), plot_.left());
        const double end = std::min(x(scene_.range->end_ns), plot_.right());
        if (end < begin) {
            return {};
        }
        const double width = metrics_.horizontalAdvance(to_qstring(format_duration(scene_.range->length_ns()))) + 12;
        const double left =
            std::clamp((begin + end - width) / 2, plot_.left(), std::max(plot_.left(), plot_.right() - width));
        return {left, baseline - metrics_.ascent() - 1, width, metrics_.height() + 2};
    }

    // Which part of the whole is seen.
    void paint_overview() {
        const double top = plot_.top() - overview_height;
        painter_.fillRect(QRectF(plot_.left(), top, plot_.width(), overview_height), to_qcolor(theme_.grid));
        if (!scene_.scale.fits_all()) {
            const TimelineScale whole(scene_.scale.extent(), plot_.width());
            const TimeWindow window = scene_.scale.window();
            const double begin = whole.place(window.begin_ns);
            const double width = std::max(whole.place(window.end_ns) - begin, 4.0);
            painter_.fillRect(
                QRectF(plot_.left() + std::min(begin, plot_.width() - width), top, width, overview_height),
                to_qcolor(theme_.muted));
        }
        if (scene_.focus.isValid()) {
            painter_.fillRect(QRectF(plot_.left() - 2, top, 2, plot_.bottom() - top), scene_.focus);
        }
    }

    QPainter& painter_;
    const TimelineScene& scene_;
    const Theme& theme_;
    QRectF plot_;
    QFontMetricsF metrics_;
    double pixels_;
    TimeScale bar_scale_;
    double bar_origin_ = 0;
    std::vector<Tick> ticks_;
    std::vector<std::pair<QRectF, std::int32_t>> steps_;
};

}  // namespace

double label_width(const QFont& font, const TimelineRows& rows) {
    const QFontMetricsF metrics(font);
    double streams = share_bar_width;
    for (const Stream stream : {Stream::compute, Stream::send, Stream::receive}) {
        streams = std::max(streams, metrics.horizontalAdvance(stream_name(stream)));
    }
    for (const TimelineRow& row : rows.rows()) {
        streams = std::max(streams, metrics.horizontalAdvance(stream_name(row.stream)));
    }
    const double rank = metrics.horizontalAdvance(rank_name(rows.trace().ranks - 1));
    return std::ceil(margin + std::max(rank, share_bar_width) + 12 + streams + margin);
}

double header_height(const QFont& font) {
    return std::ceil(2 * QFontMetricsF(font).height() + margin + 8 + overview_height);
}

void paint_timeline(QPainter& painter, const TimelineScene& scene) {
    TimelinePainter(painter, scene).paint();
}

}  // namespace longscope
