// SPDX-License-Identifier: GPL-3.0-or-later
// One clock for the traces of many machines: the offset of each rank's clock to that of rank 0, by ping-pong.
#pragma once

#include <vector>

#include "engine/base/clock.h"
#include "engine/execute/communicator.h"
#include "engine/trace/event_buffer.h"
#include "engine/trace/trace.h"

namespace longscope {

// Add offset_ns to a time of the rank to get that of rank 0; the truth is within error_ns of it, as long as the clocks
// do not drift.
struct ClockOffset {
    Nanoseconds offset_ns = 0;
    Nanoseconds error_ns = 0;

    [[nodiscard]] bool operator==(const ClockOffset&) const = default;
};

// One round: rank 0 asked at asked_ns, the other rank answered at answered_ns (its clock), rank 0 heard at heard_ns.
struct PingPong {
    Nanoseconds asked_ns = 0;
    Nanoseconds answered_ns = 0;
    Nanoseconds heard_ns = 0;
};

// Cristian's algorithm (1989): in the quickest round the answer was given between asking and hearing, so the middle of
// the two is off by at most half the round trip. `rounds` must not be empty.
[[nodiscard]] ClockOffset estimate_offset(const std::vector<PingPong>& rounds);

// Collective; returns this rank's offset (rank 0: none), as measured.
[[nodiscard]] ClockOffset measure_offset(Communicator& communicator);
// The same, but none where the kernel says that the rank reads the clock of rank 0, unless what was measured says
// otherwise: half a round trip would otherwise put what follows a barrier before it.
[[nodiscard]] ClockOffset align_clock(Communicator& communicator);

// Moves events to the clock of rank 0.
void shift(std::vector<TraceEvent>& events, const ClockOffset& offset);
void shift(DroppedEvents& dropped, const ClockOffset& offset);

}  // namespace longscope
