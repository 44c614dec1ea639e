// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/trace_analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "engine/base/error.h"

namespace longscope {

namespace {

// When the two sides of a message came to it, and who they are.
struct Message {
    static constexpr Nanoseconds never = std::numeric_limits<Nanoseconds>::max();

    std::int32_t sender = -1;
    std::int32_t receiver = -1;
    Nanoseconds send_start_ns = never;
    Nanoseconds receive_start_ns = never;
    Nanoseconds collective_start_ns = never;  // when the last rank came to it

    // When the peer of `rank` came; `never` when its event is missing.
    [[nodiscard]] Nanoseconds peer_start_ns(std::int32_t rank) const {
        if (collective_start_ns != never) {
            return collective_start_ns;
        }
        return rank == sender ? receive_start_ns : send_start_ns;
    }
};

using Messages = std::unordered_map<std::int64_t, Message>;

Messages find_messages(const Trace& trace) {
    Messages messages;
    for (const TraceEvent& event : trace.events) {
        if (event.flow < 0) {
            continue;
        }
        if (event.category == Category::send) {
            Message& message = messages[event.flow];
            message.sender = event.rank;
            message.send_start_ns = std::min(message.send_start_ns, event.start_ns);
        } else if (event.category == Category::receive) {
            Message& message = messages[event.flow];
            message.receiver = event.rank;
            message.receive_start_ns = std::min(message.receive_start_ns, event.start_ns);
        } else if (event.category == Category::collective) {
            Message& message = messages[event.flow];
            message.collective_start_ns = message.collective_start_ns == Message::never
                                              ? event.start_ns
                                              : std::max(message.collective_start_ns, event.start_ns);
        }
    }
    return messages;
}

std::size_t rank_index(const Trace& trace, const TraceEvent& event) {
    if (event.rank < 0 || event.rank >= trace.ranks) {
        throw failed(fmt::format("trace: an event of rank {} among {} ranks", event.rank, trace.ranks));
    }
    return static_cast<std::size_t>(event.rank);
}

struct Span {
    Nanoseconds begin_ns = 0;
    Nanoseconds end_ns = 0;
};

class RankAnalysis {
  public:
    // Within `bounds` lie a rank's first and last event, between which it does not wait for others to begin or end.
    RankAnalysis(const Messages& messages, Span window, Span bounds)
        : messages_(messages), window_(window), bounds_(bounds) {}

    // Of any stream.
    void see(const TraceEvent& event) {
        const Span span{std::max(event.start_ns, bounds_.begin_ns), std::min(event.end_ns(), bounds_.end_ns)};
        if (span.begin_ns > span.end_ns) {
            return;
        }
        first_ns_ = std::min(first_ns_, span.begin_ns);
        last_ns_ = std::max(last_ns_, span.end_ns);
        const bool in_window = event.start_ns <= window_.end_ns && event.end_ns() >= window_.begin_ns;
        if (event.stream == Stream::compute && in_window) {
            compute_.push_back(&event);
        }
    }

    void see(const DroppedEvents& dropped) {
        if (dropped.count > 0) {
            first_ns_ = std::min(first_ns_, std::max(dropped.begin_ns, window_.begin_ns));
            last_ns_ = std::max(last_ns_, std::min(dropped.end_ns, window_.end_ns));
            dropped_ = dropped;
        }
    }

    RankBreakdown finish() {
        RankBreakdown result;
        result.wall_ns = window_.end_ns - window_.begin_ns;
        result.computing_ns = dropped_.computing_ns;
        result.exposed_communication_ns = dropped_.standing_ns;
        if (first_ns_ > last_ns_) {
            result.waiting_ns = result.wall_ns;  // no event at all
            return result;
        }
        std::stable_sort(compute_.begin(), compute_.end(),
                         [](const TraceEvent* a, const TraceEvent* b) { return a->start_ns < b->start_ns; });
        Nanoseconds done_ns = window_.begin_ns;
        for (const TraceEvent* event : compute_) {
            const Span span{std::max(event->start_ns, done_ns), std::min(event->end_ns(), window_.end_ns)};
            if (span.begin_ns < span.end_ns) {
                account(*event, span, result);
                done_ns = span.end_ns;
            }
        }
        result.waiting_ns += std::clamp(first_ns_, window_.begin_ns, window_.end_ns) - window_.begin_ns;
        result.waiting_ns += window_.end_ns - std::clamp(last_ns_, window_.begin_ns, window_.end_ns);
        result.other_ns = result.wall_ns - result.computing_ns - result.exposed_communication_ns - result.waiting_ns;
        return result;
    }

  private:
    void account(const TraceEvent& event, Span span, RankBreakdown& result) const {
        const Nanoseconds length_ns = span.end_ns - span.begin_ns;
        switch (event.category) {
            case Category::attend:
            case Category::merge:
            case Category::finalize:
            case Category::attend_backward:
            case Category::delta:
            case Category::reduce:
                result.computing_ns += length_ns;
                return;
            case Category::barrier:
                result.waiting_ns += length_ns;
                return;
            case Category::wait: {
                const Nanoseconds waiting_ns = waiting_part_ns(event, span);
                result.waiting_ns += waiting_ns;
                result.exposed_communication_ns += length_ns - waiting_ns;
                return;
            }
            case Category::send:
            case Category::receive:
            case Category::collective:
            case Category::copy:
            case Category::queue:
            case Category::upload:
            case Category::pack:
            case Category::kernel:
            case Category::download:
                // On the compute stream they hold it up, for the sake of communication alone.
                result.exposed_communication_ns += length_ns;
                return;
        }
    }

    [[nodiscard]] Nanoseconds waiting_part_ns(const TraceEvent& wait, Span span) const {
        const auto found = messages_.find(wait.flow);
        if (wait.flow < 0 || found == messages_.end()) {
            return 0;
        }
        const Nanoseconds peer_start_ns = found->second.peer_start_ns(wait.rank);
        if (peer_start_ns == Message::never) {
            return 0;
        }
        return std::clamp(peer_start_ns, span.begin_ns, span.end_ns) - span.begin_ns;
    }

    const Messages& messages_;
    Span window_;
    Span bounds_;
    Nanoseconds first_ns_ = std::numeric_limits<Nanoseconds>::max();
    Nanoseconds last_ns_ = std::numeric_limits<Nanoseconds>::min();
    std::vector<const TraceEvent*> compute_;
    DroppedEvents dropped_;
};

std::vector<RankBreakdown> analyse_within(const Trace& merged, Span window, Span bounds,
                                          const std::vector<DroppedEvents>& dropped) {
    if (window.end_ns < window.begin_ns) {
        throw failed(
            fmt::format("trace: the time from {} ns to {} ns cannot be analysed", window.begin_ns, window.end_ns));
    }
    const Messages messages = find_messages(merged);
    std::vector<RankAnalysis> ranks(static_cast<std::size_t>(merged.ranks), RankAnalysis(messages, window, bounds));
    for (const TraceEvent& event : merged.events) {
        ranks[rank_index(merged, event)].see(event);
    }
    for (std::size_t rank = 0; rank < std::min(ranks.size(), dropped.size()); ++rank) {
        ranks[rank].see(dropped[rank]);
    }
    std::vector<RankBreakdown> breakdowns;
    for (RankAnalysis& rank : ranks) {
        breakdowns.push_back(rank.finish());
    }
    return breakdowns;
}

}  // namespace

std::vector<RankBreakdown> analyse(const Trace& merged, Nanoseconds begin_ns, Nanoseconds end_ns,
                                   const std::vector<DroppedEvents>& dropped) {
    return analyse_within(merged, {begin_ns, end_ns}, {begin_ns, end_ns}, dropped);
}

std::vector<RankBreakdown> analyse_part(const Trace& merged, Nanoseconds begin_ns, Nanoseconds end_ns) {
    constexpr Span everything{std::numeric_limits<Nanoseconds>::min(), std::numeric_limits<Nanoseconds>::max()};
    return analyse_within(merged, {begin_ns, end_ns}, everything, {});
}

TraceTotals totals(const Trace& trace) {
    TraceTotals result{std::vector<RankTotals>(static_cast<std::size_t>(trace.ranks)), {}};
    for (const TraceEvent& event : trace.events) {
        if (is_of_device(event.stream)) {
            continue;  // its part in an attend, which counts
        }
        for (RankTotals* sums : {&result.ranks[rank_index(trace, event)], &result.sum}) {
            sums->bytes_sent += event.category == Category::send ? event.bytes : 0;
            const bool arrives = event.category == Category::receive || event.category == Category::collective;
            sums->bytes_received += arrives ? event.bytes : 0;
            sums->flops += event.flops;
        }
    }
    return result;
}

}  // namespace longscope
