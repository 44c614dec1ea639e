// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/trace_analysis.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/base/error.h"

namespace longscope {
namespace {

TraceEvent compute(std::int32_t rank, Category category, Nanoseconds start_ns, Nanoseconds end_ns,
                   std::int64_t flow = -1) {
    TraceEvent event;
    event.rank = rank;
    event.category = category;
    event.start_ns = start_ns;
    event.duration_ns = end_ns - start_ns;
    event.flow = flow;
    return event;
}

TraceEvent transfer(std::int32_t rank, Category category, Nanoseconds start_ns, Nanoseconds end_ns, std::int64_t flow,
                    std::int64_t bytes = 0) {
    TraceEvent event = compute(rank, category, start_ns, end_ns, flow);
    event.stream = category == Category::send ? Stream::send : Stream::receive;
    event.bytes = bytes;
    return event;
}

RankBreakdown parts(Nanoseconds computing_ns, Nanoseconds exposed_ns, Nanoseconds waiting_ns, Nanoseconds other_ns) {
    return {computing_ns, exposed_ns, waiting_ns, other_ns, computing_ns + exposed_ns + waiting_ns + other_ns};
}

TEST(TraceAnalysis, ComputingIsAttendMergeAndFinalize) {
    const Trace trace{1,
                      {compute(0, Category::attend, 100, 400), compute(0, Category::merge, 400, 450),
                       compute(0, Category::finalize, 450, 500)}};
    EXPECT_EQ(analyse(trace, 100, 500), std::vector{parts(400, 0, 0, 0)});
}

TEST(TraceAnalysis, SoAreTheOperationsOfTheBackwardPassAndItsBarrierIsWaiting) {
    const Trace trace{1,
                      {compute(0, Category::attend, 0, 100), compute(0, Category::barrier, 100, 130),
                       compute(0, Category::delta, 130, 140), compute(0, Category::attend_backward, 140, 400),
                       compute(0, Category::reduce, 400, 410)}};
    EXPECT_EQ(analyse(trace, 0, 410), std::vector{parts(380, 0, 30, 0)});
}

TEST(TraceAnalysis, TimeBetweenEventsIsOther) {
    const Trace trace{1, {compute(0, Category::attend, 0, 100), compute(0, Category::merge, 130, 200)}};
    EXPECT_EQ(analyse(trace, 0, 200), std::vector{parts(170, 0, 0, 30)});
}

TEST(TraceAnalysis, TimeBeforeTheFirstAndAfterTheLastEventIsWaiting) {
    const Trace trace{2, {compute(0, Category::attend, 20, 100), compute(1, Category::attend, 0, 150)}};
    EXPECT_EQ(analyse(trace, 0, 150), (std::vector{parts(80, 0, 70, 0), parts(150, 0, 0, 0)}));
}

TEST(TraceAnalysis, ARankWithoutEventsWaits) {
    const Trace trace{2, {compute(0, Category::attend, 0, 150)}};
    EXPECT_EQ(analyse(trace, 0, 150)[1], parts(0, 0, 150, 0));
}

TEST(TraceAnalysis, WhatWasDroppedStillCounts) {
    // Computes from 20 to 100, stands still to 140, computes to 160; waits for others before and after.
    const std::vector<TraceEvent> all{compute(0, Category::attend, 20, 100), compute(0, Category::wait, 100, 140),
                                      compute(0, Category::merge, 140, 160)};
    const RankBreakdown whole = parts(100, 40, 40, 0);
    EXPECT_EQ(analyse({1, all}, 0, 180), std::vector{whole});
    for (std::int64_t kept = 0; kept <= 3; ++kept) {
        EventBuffer buffer(kept);
        for (const TraceEvent& event : all) {
            buffer.add(event);
        }
        const DroppedEvents dropped = buffer.dropped();
        EXPECT_EQ(analyse({1, buffer.take()}, 0, 180, {dropped}), std::vector{whole}) << kept << " events kept";
    }
}

TEST(TraceAnalysis, AWaitToReceiveIsSplitWhereTheSendBegins) {
    // Rank 1 wants the message at 100; rank 0 comes to send it at 140, and it is there at 200.
    const Trace trace{2,
                      {compute(0, Category::attend, 0, 140), transfer(0, Category::send, 140, 195, 7),
                       compute(0, Category::attend, 140, 300), transfer(1, Category::receive, 50, 200, 7),
                       compute(1, Category::attend, 0, 100), compute(1, Category::wait, 100, 200, 7),
                       compute(1, Category::attend, 200, 300)}};
    EXPECT_EQ(analyse(trace, 0, 300), (std::vector{parts(300, 0, 0, 0), parts(200, 60, 40, 0)}));
}

TEST(TraceAnalysis, AWaitWhoseSendBeganBeforeItIsExposedThroughout) {
    const Trace trace{2,
                      {transfer(0, Category::send, 10, 195, 7), compute(0, Category::attend, 0, 300),
                       compute(1, Category::attend, 0, 100), compute(1, Category::wait, 100, 200, 7),
                       transfer(1, Category::receive, 20, 200, 7), compute(1, Category::attend, 200, 300)}};
    EXPECT_EQ(analyse(trace, 0, 300)[1], parts(200, 100, 0, 0));
}

TEST(TraceAnalysis, AWaitWhoseSendBeginsAfterItIsWaitingThroughout) {
    // Clocks of two machines are aligned to an error only: the send may seem to begin after the receipt.
    const Trace trace{2,
                      {transfer(0, Category::send, 205, 210, 7), compute(0, Category::attend, 0, 300),
                       compute(1, Category::attend, 0, 100), compute(1, Category::wait, 100, 200, 7),
                       compute(1, Category::attend, 200, 300)}};
    EXPECT_EQ(analyse(trace, 0, 300)[1], parts(200, 0, 100, 0));
}

TEST(TraceAnalysis, AWaitForTheOwnSendIsSplitWhereTheReceiveBegins) {
    const Trace trace{2,
                      {compute(0, Category::attend, 0, 100), transfer(0, Category::send, 50, 190, 7),
                       compute(0, Category::wait, 100, 190, 7), compute(0, Category::finalize, 190, 200),
                       compute(1, Category::attend, 0, 130), transfer(1, Category::receive, 130, 190, 7),
                       compute(1, Category::attend, 130, 200)}};
    EXPECT_EQ(analyse(trace, 0, 200), (std::vector{parts(110, 60, 30, 0), parts(200, 0, 0, 0)}));
}

TEST(TraceAnalysis, AWaitWithoutAKnownPeerIsExposed) {
    const Trace trace{1,
                      {compute(0, Category::wait, 0, 50), compute(0, Category::wait, 50, 80, 9),
                       transfer(0, Category::receive, 40, 80, 9)}};
    EXPECT_EQ(analyse(trace, 0, 80), std::vector{parts(0, 80, 0, 0)});
}

TEST(TraceAnalysis, EventsAreCutAtTheBordersOfTheTimeAnalysed) {
    const Trace trace{2,
                      {compute(0, Category::attend, 0, 100), compute(0, Category::wait, 100, 200, 7),
                       compute(0, Category::attend, 200, 400), transfer(1, Category::send, 150, 200, 7),
                       compute(1, Category::attend, 0, 400)}};
    EXPECT_EQ(analyse(trace, 60, 180)[0], parts(40, 30, 50, 0));
    // The peer had come before the time analysed begins.
    EXPECT_EQ(analyse(trace, 160, 250)[0], parts(50, 40, 0, 0));
}

TEST(TraceAnalysis, TransfersAloneDoNotCount) {
    // The sender's last event is its transfer; until then its compute stream does something else.
    const Trace trace{2, {compute(0, Category::attend, 0, 100), transfer(0, Category::send, 50, 130, 7)}};
    EXPECT_EQ(analyse(trace, 0, 200)[0], parts(100, 0, 70, 30));
}

TEST(TraceAnalysis, RefusesEventsOfUnknownRanksAndTimesThatRunBackwards) {
    const Trace trace{1, {compute(1, Category::attend, 0, 100)}};
    EXPECT_THROW((void)analyse(trace, 0, 100), Error);
    EXPECT_THROW((void)totals(trace), Error);
    EXPECT_THROW((void)analyse(Trace{1, {}}, 100, 0), Error);
}

TEST(TraceAnalysis, PartsAreNotNegativeAndSumToTheWallTime) {
    const bool held = rc::check("whatever the trace, even one with overlapping events", [] {
        const auto time = [] { return rc::gen::inRange<Nanoseconds>(0, 1000); };
        Trace trace;
        trace.ranks = *rc::gen::inRange(1, 5);
        const int count = *rc::gen::inRange(0, 40);
        for (int i = 0; i < count; ++i) {
            TraceEvent event;
            event.rank = *rc::gen::inRange(0, trace.ranks);
            event.stream = static_cast<Stream>(*rc::gen::inRange(0, 3));
            event.category = static_cast<Category>(*rc::gen::inRange(0, 6));
            event.start_ns = *time();
            event.duration_ns = *rc::gen::inRange<Nanoseconds>(0, 200);
            event.flow = *rc::gen::inRange(-1, 6);
            trace.events.push_back(event);
        }
        const Nanoseconds begin_ns = *time();
        const Nanoseconds end_ns = begin_ns + *time();
        const std::vector<RankBreakdown> breakdowns = analyse(trace, begin_ns, end_ns);
        RC_ASSERT(breakdowns.size() == static_cast<std::size_t>(trace.ranks));
        for (const RankBreakdown& rank : breakdowns) {
            RC_ASSERT(rank.wall_ns == end_ns - begin_ns);
            RC_ASSERT(rank.computing_ns >= 0);
            RC_ASSERT(rank.exposed_communication_ns >= 0);
            RC_ASSERT(rank.waiting_ns >= 0);
            RC_ASSERT(rank.other_ns >= 0);
            RC_ASSERT(rank.computing_ns + rank.exposed_communication_ns + rank.waiting_ns + rank.other_ns ==
                      rank.wall_ns);
        }
    });
    EXPECT_TRUE(held);
}

TEST(TraceTotals, SumBytesAndFlopsByRank) {
    Trace trace{2,
                {compute(0, Category::attend, 0, 10), compute(0, Category::attend, 10, 20),
                 compute(0, Category::wait, 20, 25, 1), transfer(0, Category::send, 0, 10, 1, 4096),
                 transfer(1, Category::receive, 0, 10, 1, 4096), transfer(1, Category::send, 0, 10, 2, 100)}};
    trace.events[0].flops = 3e9;
    trace.events[1].flops = 2e9;
    trace.events[2].bytes = 4096;  // of the message that it waits for; counted where it is received
    const TraceTotals result = totals(trace);
    EXPECT_EQ(result.ranks, (std::vector{RankTotals{4096, 0, 5e9}, RankTotals{100, 4096, 0}}));
    EXPECT_EQ(result.sum, (RankTotals{4196, 4096, 5e9}));
}

// What a device does is its part in an attend, whose time and operations count.
TEST(TraceTotals, DoNotCountTwiceWhatADeviceDid) {
    Trace trace{1, {compute(0, Category::attend, 100, 500)}};
    trace.events[0].flops = 3e9;
    const TraceTotals without = totals(trace);
    const std::vector<RankBreakdown> parts_without = analyse(trace, 100, 500);
    for (const auto& [stream, category] :
         {std::pair(Stream::device_queue, Category::queue), std::pair(Stream::device_upload, Category::upload),
          std::pair(Stream::device_compute, Category::kernel)}) {
        TraceEvent part = compute(0, category, 200, 300);
        part.stream = stream;
        part.flops = 2.5e9;
        part.bytes = 4096;
        trace.events.push_back(part);
    }
    EXPECT_EQ(totals(trace).sum, without.sum);
    EXPECT_EQ(analyse(trace, 100, 500), parts_without);
}

}  // namespace
}  // namespace longscope
