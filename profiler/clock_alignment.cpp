// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/clock_alignment.h"

#include <algorithm>
#include <cstdlib>

namespace longscope {

namespace {

// Enough that one of them meets no other process on its way; together well below a millisecond on one machine.
constexpr int rounds_per_rank = 100;

ClockOffset measure(Communicator& communicator, int peer) {
    std::vector<PingPong> rounds;
    for (int i = 0; i < rounds_per_rank; ++i) {
        PingPong round;
        round.asked_ns = now_ns();
        communicator.send_number(peer, i);
        round.answered_ns = communicator.receive_number(peer);
        round.heard_ns = now_ns();
        rounds.push_back(round);
    }
    return estimate_offset(rounds);
}

}  // namespace

ClockOffset estimate_offset(const std::vector<PingPong>& rounds) {
    const PingPong& quickest = *std::min_element(
        rounds.begin(), rounds.end(),
        [](const PingPong& a, const PingPong& b) { return a.heard_ns - a.asked_ns < b.heard_ns - b.asked_ns; });
    const Nanoseconds round_trip_ns = quickest.heard_ns - quickest.asked_ns;
    return {quickest.asked_ns + round_trip_ns / 2 - quickest.answered_ns, (round_trip_ns + 1) / 2};
}

ClockOffset measure_offset(Communicator& communicator) {
    if (communicator.rank() == 0) {
        for (int peer = 1; peer < communicator.size(); ++peer) {
            const ClockOffset offset = measure(communicator, peer);
            communicator.send_number(peer, offset.offset_ns);
            communicator.send_number(peer, offset.error_ns);
        }
        return {};
    }
    for (int i = 0; i < rounds_per_rank; ++i) {
        (void)communicator.receive_number(0);
        communicator.send_number(0, now_ns());
    }
    ClockOffset offset;
    offset.offset_ns = communicator.receive_number(0);
    offset.error_ns = communicator.receive_number(0);
    return offset;
}

ClockOffset align_clock(Communicator& communicator) {
    const ClockOffset measured = measure_offset(communicator);
    const std::int64_t own_clock = clock_identity();
    const std::vector<std::int64_t> clocks = communicator.all_gather(own_clock);
    const bool same = own_clock != 0 && own_clock == clocks[0] && std::abs(measured.offset_ns) <= measured.error_ns;
    return same ? ClockOffset{} : measured;
}

void shift(std::vector<TraceEvent>& events, const ClockOffset& offset) {
    for (TraceEvent& event : events) {
        event.start_ns += offset.offset_ns;
    }
}

void shift(DroppedEvents& dropped, const ClockOffset& offset) {
    if (dropped.count > 0) {
        dropped.begin_ns += offset.offset_ns;
        dropped.end_ns += offset.offset_ns;
    }
}

}  // namespace longscope
