// SPDX-License-Identifier: GPL-3.0-or-later
// A trace as a picture: time to the right; for each rank what its compute stream does, and below it what it sends and
// what it receives. Measured and predicted traces are drawn alike.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"
#include "engine/trace/time_window.h"
#include "engine/trace/trace.h"

namespace longscope {

// Of the wall time of one rank; drawn as they are given.
struct RankShares {
    double computing = 0;
    double exposed_communication = 0;
    double waiting = 0;
};

struct TimelineOptions {
    Theme theme = light_theme();
    std::string title;
    double width = 1100;               // at least 480
    double height = 900;               // more where the ranks need it, less where they do not
    std::vector<RankShares> shares;    // empty, or one a rank
    std::optional<TimeWindow> window;  // the time that is shown; absent: from the first event to the last
    std::int64_t dropped_events = 0;   // that the trace lacks; the caption says so
    std::int64_t max_flows = 200;      // with more messages than these in view, none is joined by a line
};

// Throws Error(bad_input) for an empty window, Error(failed) for an event of a rank that the trace does not have.
[[nodiscard]] DisplayList draw_timeline(const Trace& trace, const TimelineOptions& options);

}  // namespace longscope
