// SPDX-License-Identifier: GPL-3.0-or-later
// Where the time of each rank went, and what it moved. All times are on the one clock of a merged trace.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/clock.h"
#include "engine/trace/event_buffer.h"
#include "engine/trace/trace.h"

namespace longscope {

// The parts sum to wall_ns, and none is negative.
struct RankBreakdown {
    Nanoseconds computing_ns = 0;              // is_computing()
    Nanoseconds exposed_communication_ns = 0;  // standing still while a transfer was under way
    Nanoseconds waiting_ns = 0;  // standing still for a peer, or before its first and after its last event
    Nanoseconds other_ns = 0;    // between events of the compute stream
    Nanoseconds wall_ns = 0;

    [[nodiscard]] bool operator==(const RankBreakdown&) const = default;
};

// One breakdown a rank, of the time from begin_ns to end_ns. A `wait` is split at the moment when the peer of its
// message arrived: when it waits to receive, the start of the sender's `send`; when it waits for its own send to
// complete, the start of the receiver's `receive`. What lies before is waiting, what follows is exposed
// communication. A wait without a flow, or whose peer's event is missing, is exposed communication. Where events of a
// compute stream overlap, the time is the earlier one's.
// `dropped`: of each rank, what the trace does not hold any more, or empty; of it the time of computing is computing,
// the other time of the compute stream exposed communication.
// Throws Error(failed) when end_ns < begin_ns or an event belongs to a rank that the trace does not have.
[[nodiscard]] std::vector<RankBreakdown> analyse(const Trace& merged, Nanoseconds begin_ns, Nanoseconds end_ns,
                                                 const std::vector<DroppedEvents>& dropped = {});

// Of a part of the time that the trace covers. Only the time before a rank's first and after its last event in the
// whole trace is waiting for that reason, so that the parts add up to analyse() of the whole.
[[nodiscard]] std::vector<RankBreakdown> analyse_part(const Trace& merged, Nanoseconds begin_ns, Nanoseconds end_ns);

struct RankTotals {
    std::int64_t bytes_sent = 0;
    std::int64_t bytes_received = 0;
    double flops = 0;

    [[nodiscard]] bool operator==(const RankTotals&) const = default;
};

struct TraceTotals {
    std::vector<RankTotals> ranks;
    RankTotals sum;
};

// Throws Error(failed) for an event of a rank that the trace does not have.
[[nodiscard]] TraceTotals totals(const Trace& trace);

}  // namespace longscope
