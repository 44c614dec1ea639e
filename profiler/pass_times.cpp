// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/pass_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "engine/base/error.h"

namespace longscope {

namespace {

struct RankSpan {
    Nanoseconds first_ns = std::numeric_limits<Nanoseconds>::max();
    Nanoseconds last_ns = std::numeric_limits<Nanoseconds>::min();
    std::optional<TraceEvent> barrier;
};

}  // namespace

PassTimes pass_times(const Trace& trace) {
    std::vector<RankSpan> spans(static_cast<std::size_t>(std::max(trace.ranks, 0)));
    for (const TraceEvent& event : trace.events) {
        if (event.rank < 0 || event.rank >= trace.ranks) {
            throw failed(fmt::format("trace: an event of rank {} among {} ranks", event.rank, trace.ranks));
        }
        RankSpan& span = spans[static_cast<std::size_t>(event.rank)];
        span.first_ns = std::min(span.first_ns, event.start_ns);
        span.last_ns = std::max(span.last_ns, event.end_ns());
        if (event.category == Category::barrier) {
            span.barrier = event;
        }
    }
    PassTimes times;
    for (const RankSpan& span : spans) {
        const bool empty = span.first_ns > span.last_ns;  // a rank that did nothing
        if (span.barrier) {
            times.forward_ns.push_back(span.barrier->start_ns - span.first_ns);
            times.backward_ns.push_back(span.last_ns - span.barrier->end_ns());
        } else {
            times.forward_ns.push_back(empty ? 0 : span.last_ns - span.first_ns);
        }
    }
    return times;
}

}  // namespace longscope
