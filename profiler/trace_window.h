// SPDX-License-Identifier: GPL-3.0-or-later
// What happened in a part of a trace's time. Exact: what reaches over an edge of the window counts with the part that
// lies inside, and the figures of windows that follow one another add up to those of the whole.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "engine/trace/time_window.h"
#include "engine/trace/trace.h"
#include "profiler/trace_analysis.h"

namespace longscope {

struct WindowSummary {
    TimeWindow window;
    std::int32_t ranks = 0;                              // whose time was summed
    std::int64_t events = 0;                             // that lie in the window with any part
    std::array<Nanoseconds, category_count> times_ns{};  // by category, of all events
    RankTotals totals;                                   // of a transfer and a kernel as large a share as of its time
    RankBreakdown breakdown;                             // as analyse_part(), summed over the ranks
    Nanoseconds transfer_ns = 0;  // of each rank the time in which it sends, receives or exchanges at all
    Nanoseconds hidden_ns = 0;    // of transfer_ns: in which it computes

    [[nodiscard]] Nanoseconds time_ns(Category category) const {
        return times_ns.at(static_cast<std::size_t>(category));
    }
    // Per second of the window, all ranks together.
    [[nodiscard]] double flops_per_s() const;
    [[nodiscard]] double sent_bytes_per_s() const;
    [[nodiscard]] double received_bytes_per_s() const;
    // Per second of the kernels' own time: of one rank on the average.
    [[nodiscard]] double attend_flops_per_s() const;
    [[nodiscard]] double hidden_share() const;  // of transfer_ns; 0 without transfers
};

// Of all ranks, or of one. An instant belongs to the window that begins with it. Throws Error(failed) when the window
// ends before it begins, when the trace has no such rank, or an event belongs to a rank that the trace does not have.
[[nodiscard]] WindowSummary window_summary(const Trace& trace, TimeWindow window,
                                           std::optional<std::int32_t> rank = std::nullopt);

}  // namespace longscope
