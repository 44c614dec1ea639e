// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timeline/timeline_scale.h"

#include <algorithm>
#include <cmath>

namespace longscope {

namespace {

// Clocks tell no less apart.
constexpr double least_span_ns = 50;
// Beside a window that is focused, as a share of it.
constexpr double focus_margin = 0.06;

}  // namespace

TimelineScale::TimelineScale(TimeWindow extent, double width)
    : extent_{extent.begin_ns, std::max(extent.end_ns, extent.begin_ns + 1)}, width_(std::max(width, 1.0)) {
    fit();
}

void TimelineScale::set_width(double width) {
    width_ = std::max(width, 1.0);
}

double TimelineScale::place(Nanoseconds time_ns) const {
    return (static_cast<double>(time_ns - extent_.begin_ns) - begin_ns_) / span_ns_ * width_;
}

Nanoseconds TimelineScale::time_at(double x) const {
    const double time_ns = std::clamp(begin_ns_ + x / width_ * span_ns_, 0.0, extent_ns());
    return std::min(extent_.begin_ns + static_cast<Nanoseconds>(std::llround(time_ns)), extent_.end_ns);
}

TimeWindow TimelineScale::window() const {
    const Nanoseconds begin_ns = extent_.begin_ns + static_cast<Nanoseconds>(std::floor(begin_ns_));
    const Nanoseconds end_ns = extent_.begin_ns + static_cast<Nanoseconds>(std::ceil(begin_ns_ + span_ns_));
    return {begin_ns, std::clamp(end_ns, begin_ns + 1, std::max(extent_.end_ns, begin_ns + 1))};
}

bool TimelineScale::fits_all() const {
    return span_ns_ >= extent_ns();
}

void TimelineScale::zoom(double x, double factor) {
    if (!(factor > 0)) {
        return;
    }
    const double share = x / width_;
    const double time_ns = begin_ns_ + share * span_ns_;
    const double span_ns = std::clamp(span_ns_ / factor, std::min(least_span_ns, extent_ns()), extent_ns());
    see(time_ns - share * span_ns, span_ns);
}

void TimelineScale::pan(double points) {
    see(begin_ns_ + points / width_ * span_ns_, span_ns_);
}

void TimelineScale::fit() {
    see(0, extent_ns());
}

void TimelineScale::focus(TimeWindow window) {
    const double length_ns = std::max(static_cast<double>(window.length_ns()), least_span_ns / (1 + 2 * focus_margin));
    const double middle_ns =
        static_cast<double>(window.begin_ns - extent_.begin_ns) + static_cast<double>(window.length_ns()) / 2;
    const double span_ns = length_ns * (1 + 2 * focus_margin);
    see(middle_ns - span_ns / 2, span_ns);
}

void TimelineScale::reveal(TimeWindow window) {
    const double margin_ns = focus_margin * span_ns_;
    const double first_ns = static_cast<double>(window.begin_ns - extent_.begin_ns) - margin_ns;
    const double last_ns = static_cast<double>(window.end_ns - extent_.begin_ns) + margin_ns;
    double begin_ns = begin_ns_;
    if (last_ns > begin_ns + span_ns_) {
        begin_ns = last_ns - span_ns_;
    }
    see(std::min(begin_ns, first_ns), span_ns_);
}

void TimelineScale::see(double begin_ns, double span_ns) {
    span_ns_ = std::min(span_ns, extent_ns());
    begin_ns_ = std::clamp(begin_ns, 0.0, extent_ns() - span_ns_);
}

}  // namespace longscope
