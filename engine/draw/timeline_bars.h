// SPDX-License-Identifier: GPL-3.0-or-later
// The events of one row of a timeline as bars. An event of a point and more is a bar of its own. Shorter ones are
// gathered point by point, so that a million of them cost no more than the picture is wide; each still colours its
// point: where several categories meet in one, they share its height by their time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/clock.h"
#include "engine/trace/trace.h"

namespace longscope {

// Which times are seen, on how many points.
struct TimeScale {
    Nanoseconds begin_ns = 0;
    Nanoseconds end_ns = 1;  // larger than begin_ns
    double length = 1;       // points

    [[nodiscard]] double place(Nanoseconds time_ns) const {
        return length * static_cast<double>(time_ns - begin_ns) / static_cast<double>(end_ns - begin_ns);
    }
};

struct TimelineBar {
    double begin = 0;  // points from the scale's begin
    double end = 0;
    double top = 0;  // as shares of the row's height
    double bottom = 1;
    Category category = Category::attend;
    std::int64_t events = 1;            // that it stands for
    const TraceEvent* event = nullptr;  // when it stands for one alone, wide enough to be labelled
};

// `events` of one rank and stream, sorted by start. Those that lie outside the scale are left out; those that reach
// beyond it are cut. The bars point into `events`.
[[nodiscard]] std::vector<TimelineBar> timeline_bars(std::span<const TraceEvent* const> events, const TimeScale& scale);

}  // namespace longscope
