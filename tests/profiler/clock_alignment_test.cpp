// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/clock_alignment.h"

#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/execute/local_group.h"

namespace longscope {
namespace {

TEST(EstimateOffset, TakesTheQuickestRound) {
    // The other clock is 1000 behind; the second round is quick and even.
    const ClockOffset offset = estimate_offset({{0, -500, 900}, {1000, 5, 1010}, {2000, 1300, 2400}});
    EXPECT_EQ(offset.offset_ns, 1000);
    EXPECT_EQ(offset.error_ns, 5);
}

TEST(EstimateOffset, TheTruthIsWithinTheStatedError) {
    RandomStream random(11, 0);
    for (int run = 0; run < 200; ++run) {
        const auto truth = static_cast<Nanoseconds>(random.next_below(2'000'000)) - 1'000'000;
        std::vector<PingPong> rounds;
        for (int i = 0; i < 20; ++i) {
            PingPong round;
            round.asked_ns = 10'000 * i;
            const auto there = static_cast<Nanoseconds>(1 + random.next_below(3000));
            const auto back = static_cast<Nanoseconds>(1 + random.next_below(3000));
            round.answered_ns = round.asked_ns + there - truth;
            round.heard_ns = round.asked_ns + there + back;
            rounds.push_back(round);
        }
        const ClockOffset offset = estimate_offset(rounds);
        EXPECT_LE(std::abs(offset.offset_ns - truth), offset.error_ns) << "run " << run;
    }
}

TEST(MeasureOffset, FindsThatThreadsOfOneProcessShareTheirClock) {
    run_local_ranks(4, [](Communicator& communicator) {
        const ClockOffset offset = measure_offset(communicator);
        EXPECT_LE(std::abs(offset.offset_ns), offset.error_ns) << "rank " << communicator.rank();
        if (communicator.rank() == 0) {
            EXPECT_EQ(offset, ClockOffset{});
        }
    });
}

TEST(AlignClock, NothingIsAddedToTimesOfTheSameClock) {
    ASSERT_NE(clock_identity(), 0);
    run_local_ranks(3, [](Communicator& communicator) {
        EXPECT_EQ(align_clock(communicator), ClockOffset{}) << "rank " << communicator.rank();
    });
}

TEST(Shift, MovesTheStartOnly) {
    std::vector<TraceEvent> events(1);
    events[0].start_ns = 100;
    events[0].duration_ns = 7;
    shift(events, {-30, 2});
    EXPECT_EQ(events[0].start_ns, 70);
    EXPECT_EQ(events[0].duration_ns, 7);
}

}  // namespace
}  // namespace longscope
