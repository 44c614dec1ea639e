// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/trace_window.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "profiler/trace_csv.h"
#include "tests/support/expect_error.h"
#include "tests/support/ring_trace.h"
#include "tests/support/trace_cases.h"

namespace longscope {
namespace {

TraceEvent event(Category category, Nanoseconds start_ns, Nanoseconds end_ns, std::int64_t bytes = 0,
                 double flops = 0) {
    TraceEvent result;
    result.category = category;
    result.stream = category == Category::send      ? Stream::send
                    : category == Category::receive ? Stream::receive
                                                    : Stream::compute;
    result.start_ns = start_ns;
    result.duration_ns = end_ns - start_ns;
    result.bytes = bytes;
    result.flops = flops;
    return result;
}

TEST(WindowSummary, CutsEventsAtTheEdges) {
    const Trace trace{1,
                      {event(Category::attend, 0, 100, 0, 1000), event(Category::send, 50, 150, 1000),
                       event(Category::receive, 90, 190, 300), event(Category::wait, 100, 200)}};
    const WindowSummary summary = window_summary(trace, {50, 140});
    EXPECT_EQ(summary.ranks, 1);
    EXPECT_EQ(summary.events, 4);
    EXPECT_EQ(summary.time_ns(Category::attend), 50);
    EXPECT_EQ(summary.time_ns(Category::send), 90);
    EXPECT_EQ(summary.time_ns(Category::receive), 50);
    EXPECT_EQ(summary.time_ns(Category::wait), 40);
    EXPECT_EQ(summary.totals, (RankTotals{900, 150, 500}));
    EXPECT_EQ(summary.transfer_ns, 90) << "sending and receiving at once counts once";
    EXPECT_EQ(summary.hidden_ns, 50);
    EXPECT_DOUBLE_EQ(summary.hidden_share(), 50.0 / 90);
    EXPECT_EQ(summary.breakdown, (RankBreakdown{50, 40, 0, 0, 90}));
    EXPECT_DOUBLE_EQ(summary.flops_per_s(), 500 / 90e-9);
    EXPECT_DOUBLE_EQ(summary.attend_flops_per_s(), 500 / 50e-9);
    EXPECT_DOUBLE_EQ(summary.sent_bytes_per_s(), 900 / 90e-9);
    EXPECT_DOUBLE_EQ(summary.received_bytes_per_s(), 150 / 90e-9);
}

TEST(WindowSummary, AGapBetweenEventsIsNotWaiting) {
    const Trace trace{1, {event(Category::attend, 100, 200), event(Category::attend, 300, 400)}};
    EXPECT_EQ(window_summary(trace, {220, 280}).breakdown, (RankBreakdown{0, 0, 0, 60, 60}));
    EXPECT_EQ(window_summary(trace, {20, 80}).breakdown, (RankBreakdown{0, 0, 60, 0, 60}));
    EXPECT_EQ(window_summary(trace, {380, 450}).breakdown, (RankBreakdown{20, 0, 50, 0, 70}));
}

TEST(WindowSummary, AnEmptyWindowHoldsNothing) {
    const WindowSummary summary = window_summary(ring_trace(2, 3), {1'000'100, 1'000'100});
    EXPECT_EQ(summary.events, 0);
    EXPECT_EQ(summary.flops_per_s(), 0);
    EXPECT_EQ(summary.attend_flops_per_s(), 0);
    EXPECT_EQ(summary.hidden_share(), 0);
}

TEST(WindowSummary, RefusesWhatItCannotSum) {
    const Trace trace{1, {}};
    expect_error(ErrorKind::failed, {"no rank 1 among 1 ranks"}, [&] { (void)window_summary(trace, {0, 1}, 1); });
    expect_error(ErrorKind::failed, {"no rank -1"}, [&] { (void)window_summary(trace, {0, 1}, -1); });
    expect_error(ErrorKind::failed, {"from 2 ns to 1 ns"}, [&] { (void)window_summary(trace, {2, 1}); });
}

// Windows and traces of any size from the first case on, so that most of them meet.
TimeWindow any_window(Nanoseconds longest_ns = 4000) {
    const auto begin_ns = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<Nanoseconds>(-2500, 6500));
    return {begin_ns, begin_ns + *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<Nanoseconds>(0, longest_ns))};
}

Trace full_trace() {
    return *rc::gen::resize(rc::kNominalSize, any_trace());
}

// Nanosecond by nanosecond.
RC_GTEST_PROP(WindowSummary, EqualsTheSumOverItsNanoseconds, ()) {
    const Trace trace = full_trace();
    const TimeWindow window = any_window(700);
    const auto rank = *rc::gen::inRange(-1, trace.ranks);
    const WindowSummary summary = window_summary(trace, window, rank < 0 ? std::nullopt : std::optional(rank));
    std::array<Nanoseconds, category_count> times_ns{};
    Nanoseconds transfer_ns = 0;
    Nanoseconds hidden_ns = 0;
    for (Nanoseconds t = window.begin_ns; t < window.end_ns; ++t) {
        for (std::int32_t r = 0; r < trace.ranks; ++r) {
            if (rank >= 0 && r != rank) {
                continue;
            }
            bool computes = false;
            bool transfers = false;
            for (const TraceEvent& e : trace.events) {
                if (e.rank == r && e.start_ns <= t && t < e.end_ns()) {
                    ++times_ns.at(static_cast<std::size_t>(e.category));
                    computes = computes || e.category == Category::attend || e.category == Category::merge ||
                               e.category == Category::finalize;
                    transfers = transfers || e.category == Category::send || e.category == Category::receive;
                }
            }
            transfer_ns += transfers ? 1 : 0;
            hidden_ns += transfers && computes ? 1 : 0;
        }
    }
    RC_ASSERT(summary.times_ns == times_ns);
    RC_ASSERT(summary.transfer_ns == transfer_ns);
    RC_ASSERT(summary.hidden_ns == hidden_ns);
    RC_ASSERT(summary.ranks == (rank < 0 ? trace.ranks : 1));
}

RC_GTEST_PROP(WindowSummary, AdjacentWindowsAddUpToTheWhole, ()) {
    const Trace trace = full_trace();
    const TimeWindow whole = any_window();
    const Nanoseconds cut_ns = *rc::gen::inRange(whole.begin_ns, whole.end_ns + 1);
    const WindowSummary sum = window_summary(trace, whole);
    const WindowSummary a = window_summary(trace, {whole.begin_ns, cut_ns});
    const WindowSummary b = window_summary(trace, {cut_ns, whole.end_ns});
    for (std::size_t i = 0; i < category_count; ++i) {
        RC_ASSERT(a.times_ns.at(i) + b.times_ns.at(i) == sum.times_ns.at(i));
    }
    RC_ASSERT(a.totals.bytes_sent + b.totals.bytes_sent == sum.totals.bytes_sent);
    RC_ASSERT(a.totals.bytes_received + b.totals.bytes_received == sum.totals.bytes_received);
    RC_ASSERT(std::abs(a.totals.flops + b.totals.flops - sum.totals.flops) <= 1e-12 * sum.totals.flops);
    RC_ASSERT(a.transfer_ns + b.transfer_ns == sum.transfer_ns);
    RC_ASSERT(a.hidden_ns + b.hidden_ns == sum.hidden_ns);
    RC_ASSERT(a.breakdown.computing_ns + b.breakdown.computing_ns == sum.breakdown.computing_ns);
    RC_ASSERT(a.breakdown.exposed_communication_ns + b.breakdown.exposed_communication_ns ==
              sum.breakdown.exposed_communication_ns);
    RC_ASSERT(a.breakdown.waiting_ns + b.breakdown.waiting_ns == sum.breakdown.waiting_ns);
    RC_ASSERT(a.breakdown.other_ns + b.breakdown.other_ns == sum.breakdown.other_ns);
}

RC_GTEST_PROP(WindowSummary, TheWholeTraceEqualsItsAnalysisAndTotals, ()) {
    const Trace trace = full_trace();
    const WindowSummary summary = window_summary(trace, {-3000, 7000});
    RC_ASSERT(summary.events == static_cast<std::int64_t>(trace.events.size()));
    const RankTotals sum = totals(trace).sum;
    RC_ASSERT(summary.totals.bytes_sent == sum.bytes_sent);
    RC_ASSERT(summary.totals.bytes_received == sum.bytes_received);
    RC_ASSERT(std::abs(summary.totals.flops - sum.flops) <= 1e-12 * sum.flops);
    RankBreakdown expected;
    for (const RankBreakdown& part : analyse(trace, -3000, 7000)) {
        expected.computing_ns += part.computing_ns;
        expected.exposed_communication_ns += part.exposed_communication_ns;
        expected.waiting_ns += part.waiting_ns;
        expected.other_ns += part.other_ns;
        expected.wall_ns += part.wall_ns;
    }
    RC_ASSERT(summary.breakdown == expected);
}

RC_GTEST_PROP(WindowSummary, RanksAddUpToAll, ()) {
    const Trace trace = full_trace();
    const TimeWindow window = any_window();
    const WindowSummary all = window_summary(trace, window);
    std::int64_t events = 0;
    Nanoseconds hidden_ns = 0;
    Nanoseconds waiting_ns = 0;
    std::int64_t bytes_sent = 0;
    for (std::int32_t rank = 0; rank < trace.ranks; ++rank) {
        const WindowSummary one = window_summary(trace, window, rank);
        events += one.events;
        hidden_ns += one.hidden_ns;
        waiting_ns += one.breakdown.waiting_ns;
        bytes_sent += one.totals.bytes_sent;
    }
    RC_ASSERT(events == all.events);
    RC_ASSERT(hidden_ns == all.hidden_ns);
    RC_ASSERT(waiting_ns == all.breakdown.waiting_ns);
    RC_ASSERT(bytes_sent == all.totals.bytes_sent);
}

TEST(TraceCsv, HasALineForEachEvent) {
    TraceEvent send = event(Category::send, -5, 20, 4096);
    send.rank = 3;
    send.operation = 8;
    send.flow = 7;
    send.step = 2;
    const TraceEvent attend = event(Category::attend, 0, 10, 0, 0.1);
    const std::vector<const TraceEvent*> events{&send, &attend};
    EXPECT_EQ(trace_csv(events),
              "rank,stream,category,start_ns,duration_ns,bytes,flops,operation,flow,step\r\n"
              "3,send,send,-5,25,4096,0,8,7,2\r\n"
              "0,compute,attend,0,10,0,0.1,0,,0\r\n");
}

}  // namespace
}  // namespace longscope
