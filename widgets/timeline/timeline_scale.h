// SPDX-License-Identifier: GPL-3.0-or-later
// Which part of a trace's time is seen over a width, and how it changes: zoom, pan, fit, focus. It never leaves the
// extent of the trace. Finer than nanoseconds, so that many small steps add up to what they should.
#pragma once

#include "engine/trace/time_window.h"

namespace longscope {

class TimelineScale {
  public:
    TimelineScale() = default;
    // Fitted. An empty extent counts as one nanosecond, a width below one point as one.
    TimelineScale(TimeWindow extent, double width);

    [[nodiscard]] TimeWindow extent() const { return extent_; }
    [[nodiscard]] double width() const { return width_; }
    void set_width(double width);  // keeps the time that is seen

    [[nodiscard]] double place(Nanoseconds time_ns) const;  // points from the left edge; outside too
    [[nodiscard]] Nanoseconds time_at(double x) const;      // within the extent
    [[nodiscard]] double ns_per_point() const { return span_ns_ / width_; }
    // What is seen, rounded outwards to whole nanoseconds.
    [[nodiscard]] TimeWindow window() const;
    [[nodiscard]] bool fits_all() const;

    // Keeps the time under x unless an end of the extent comes into sight. factor > 1 shows less time.
    void zoom(double x, double factor);
    // Towards later times for points > 0.
    void pan(double points);
    void fit();
    // Shows the window and a margin on both sides.
    void focus(TimeWindow window);
    // Pans as little as shows the window, or its begin where it is longer than what is seen.
    void reveal(TimeWindow window);

    [[nodiscard]] bool operator==(const TimelineScale&) const = default;

  private:
    void see(double begin_ns, double span_ns);
    [[nodiscard]] double extent_ns() const { return static_cast<double>(extent_.length_ns()); }

    TimeWindow extent_{0, 1};
    double width_ = 1;
    double begin_ns_ = 0;  // from the extent's begin
    double span_ns_ = 1;
};

}  // namespace longscope
