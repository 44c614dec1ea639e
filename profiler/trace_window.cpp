// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/trace_window.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/base/error.h"

namespace longscope {

namespace {

__extension__ using Wide = __int128;  // bytes times nanoseconds

// The bytes of an event that have passed at a time, in proportion: rounded so that adjacent windows share none and
// lose none.
std::int64_t bytes_until(const TraceEvent& event, Nanoseconds time_ns) {
    const Wide passed_ns = std::clamp(time_ns, event.start_ns, event.end_ns()) - event.start_ns;
    return static_cast<std::int64_t>(Wide{event.bytes} * passed_ns / event.duration_ns);
}

TimeWindow clipped(const TraceEvent& event, TimeWindow window) {
    return {std::max(event.start_ns, window.begin_ns), std::min(event.end_ns(), window.end_ns)};
}

bool is_inside(const TraceEvent& event, TimeWindow window) {
    if (event.duration_ns == 0) {
        return event.start_ns >= window.begin_ns && event.start_ns < window.end_ns;
    }
    return clipped(event, window).length_ns() > 0;
}

bool is_transfer(Category category) {
    return category == Category::send || category == Category::receive || category == Category::collective;
}

bool is_computing(const TraceEvent& event) {
    return event.stream == Stream::compute && is_computing(event.category);
}

// Sorted by time, without overlaps.
using Stretches = std::vector<TimeWindow>;

Stretches united(Stretches stretches) {
    std::sort(stretches.begin(), stretches.end(),
              [](const TimeWindow& a, const TimeWindow& b) { return a.begin_ns < b.begin_ns; });
    Stretches result;
    for (const TimeWindow& stretch : stretches) {
        if (!result.empty() && stretch.begin_ns <= result.back().end_ns) {
            result.back().end_ns = std::max(result.back().end_ns, stretch.end_ns);
        } else {
            result.push_back(stretch);
        }
    }
    return result;
}

Nanoseconds length_ns(const Stretches& stretches) {
    Nanoseconds sum_ns = 0;
    for (const TimeWindow& stretch : stretches) {
        sum_ns += stretch.length_ns();
    }
    return sum_ns;
}

Nanoseconds common_ns(const Stretches& a, const Stretches& b) {
    Nanoseconds sum_ns = 0;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        const Nanoseconds begin_ns = std::max(a[i].begin_ns, b[j].begin_ns);
        const Nanoseconds end_ns = std::min(a[i].end_ns, b[j].end_ns);
        sum_ns += std::max<Nanoseconds>(end_ns - begin_ns, 0);
        if (a[i].end_ns < b[j].end_ns) {
            ++i;
        } else {
            ++j;
        }
    }
    return sum_ns;
}

void add(const TraceEvent& event, TimeWindow window, WindowSummary& summary) {
    const bool instant = event.duration_ns == 0;
    const Nanoseconds inside_ns = instant ? 0 : clipped(event, window).length_ns();
    const std::int64_t bytes =
        instant ? event.bytes : bytes_until(event, window.end_ns) - bytes_until(event, window.begin_ns);
    const double share = instant ? 1.0 : static_cast<double>(inside_ns) / static_cast<double>(event.duration_ns);
    ++summary.events;
    summary.times_ns.at(static_cast<std::size_t>(event.category)) += inside_ns;
    // What a device does is its part in an attend, which counts.
    summary.totals.flops += is_of_device(event.stream) ? 0.0 : event.flops * share;
    if (event.category == Category::send) {
        summary.totals.bytes_sent += bytes;
    } else if (event.category == Category::receive || event.category == Category::collective) {
        summary.totals.bytes_received += bytes;
    }
}

void add(const RankBreakdown& part, RankBreakdown& sum) {
    sum.computing_ns += part.computing_ns;
    sum.exposed_communication_ns += part.exposed_communication_ns;
    sum.waiting_ns += part.waiting_ns;
    sum.other_ns += part.other_ns;
    sum.wall_ns += part.wall_ns;
}

double per_second(double amount, Nanoseconds time_ns) {
    return time_ns > 0 ? amount * 1e9 / static_cast<double>(time_ns) : 0.0;
}

}  // namespace

double WindowSummary::flops_per_s() const {
    return per_second(totals.flops, window.length_ns());
}

double WindowSummary::sent_bytes_per_s() const {
    return per_second(static_cast<double>(totals.bytes_sent), window.length_ns());
}

double WindowSummary::received_bytes_per_s() const {
    return per_second(static_cast<double>(totals.bytes_received), window.length_ns());
}

double WindowSummary::attend_flops_per_s() const {
    return per_second(totals.flops, time_ns(Category::attend) + time_ns(Category::attend_backward));
}

double WindowSummary::hidden_share() const {
    return transfer_ns > 0 ? static_cast<double>(hidden_ns) / static_cast<double>(transfer_ns) : 0.0;
}

WindowSummary window_summary(const Trace& trace, TimeWindow window, std::optional<std::int32_t> rank) {
    if (rank && (*rank < 0 || *rank >= trace.ranks)) {
        throw failed(fmt::format("trace: no rank {} among {} ranks", *rank, trace.ranks));
    }
    const std::vector<RankBreakdown> breakdowns = analyse_part(trace, window.begin_ns, window.end_ns);
    WindowSummary summary;
    summary.window = window;
    std::vector<Stretches> transfers(breakdowns.size());
    std::vector<Stretches> computing(breakdowns.size());
    for (const TraceEvent& event : trace.events) {
        if ((rank && event.rank != *rank) || !is_inside(event, window)) {
            continue;
        }
        add(event, window, summary);
        if (is_transfer(event.category)) {
            transfers[static_cast<std::size_t>(event.rank)].push_back(clipped(event, window));
        } else if (is_computing(event)) {
            computing[static_cast<std::size_t>(event.rank)].push_back(clipped(event, window));
        }
    }
    for (std::size_t i = 0; i < breakdowns.size(); ++i) {
        if (rank && i != static_cast<std::size_t>(*rank)) {
            continue;
        }
        ++summary.ranks;
        add(breakdowns[i], summary.breakdown);
        const Stretches transfer = united(std::move(transfers[i]));
        summary.transfer_ns += length_ns(transfer);
        summary.hidden_ns += common_ns(transfer, united(std::move(computing[i])));
    }
    return summary;
}

}  // namespace longscope
