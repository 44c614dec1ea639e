// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timeline/timeline_rows.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "tests/support/expect_error.h"
#include "tests/support/ring_trace.h"
#include "tests/support/trace_cases.h"
#include "widgets/timeline/timeline_layout.h"

namespace longscope {
namespace {

std::shared_ptr<const Trace> share(Trace trace) {
    return std::make_shared<const Trace>(std::move(trace));
}

RC_GTEST_PROP(TimelineRows, HoldEveryEventOnceByRankStreamAndStart, ()) {
    const TimelineRows rows(share(*rc::gen::resize(rc::kNominalSize, any_trace())));
    std::set<const TraceEvent*> seen;
    for (std::size_t i = 0; i < rows.rows().size(); ++i) {
        const TimelineRow& row = rows.rows()[i];
        RC_ASSERT(!row.events.empty());
        if (i > 0) {
            const TimelineRow& above = rows.rows()[i - 1];
            RC_ASSERT(std::pair(above.rank, above.stream) < std::pair(row.rank, row.stream));
        }
        for (std::size_t j = 0; j < row.events.size(); ++j) {
            RC_ASSERT(row.events[j]->rank == row.rank && row.events[j]->stream == row.stream);
            RC_ASSERT(row.events[std::max<std::size_t>(j, 1) - 1]->start_ns <= row.events[j]->start_ns);
            RC_ASSERT(row.events[j]->start_ns >= rows.extent().begin_ns);
            RC_ASSERT(row.events[j]->start_ns < rows.extent().end_ns);
            RC_ASSERT(row.events[j]->end_ns() <= rows.extent().end_ns);
            seen.insert(row.events[j]);
        }
    }
    RC_ASSERT(seen.size() == rows.trace().events.size());
}

RC_GTEST_PROP(TimelineRows, AroundAWindowLacksNoEventThatReachesIntoIt, ()) {
    const TimelineRows rows(share(*rc::gen::resize(rc::kNominalSize, any_trace())));
    const auto begin_ns = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<Nanoseconds>(-2500, 6500));
    const TimeWindow window{begin_ns, begin_ns + *rc::gen::inRange(0, 3000)};
    for (const TimelineRow& row : rows.rows()) {
        const auto around = row.around(window);
        for (const TraceEvent* event : row.events) {
            const bool reaches = event->start_ns <= window.end_ns && event->end_ns() >= window.begin_ns;
            RC_ASSERT(!reaches || std::find(around.begin(), around.end(), event) != around.end());
        }
    }
}

RC_GTEST_PROP(TimelineRows, FindTheLastEventUnderATimeElseTheNearest, ()) {
    const TimelineRows rows(share(*rc::gen::resize(rc::kNominalSize, any_trace())));
    RC_PRE(!rows.rows().empty());
    const auto row = *rc::gen::inRange<std::size_t>(0, rows.rows().size());
    const auto time_ns = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<Nanoseconds>(-2500, 6500));
    const auto slack_ns = *rc::gen::inRange<Nanoseconds>(0, 300);
    const auto away_ns = [&](const TraceEvent& event) {
        return std::max({event.start_ns - time_ns, time_ns - event.end_ns(), Nanoseconds{0}});
    };
    Nanoseconds least_ns = std::numeric_limits<Nanoseconds>::max();
    const TraceEvent* best = nullptr;
    for (const TraceEvent* event : rows.rows()[row].events) {
        if (away_ns(*event) <= least_ns) {
            least_ns = away_ns(*event);
            best = event;
        }
    }
    const auto found = rows.find(row, time_ns, slack_ns);
    RC_ASSERT(found.has_value() == (least_ns <= slack_ns));
    if (found) {
        RC_ASSERT(&rows.event(*found) == best);
    }
    RC_ASSERT(away_ns(rows.event(rows.nearest(row, time_ns))) == least_ns);
}

TEST(TimelineRows, StepThroughARow) {
    const TimelineRows rows(share(ring_trace(2, 3)));
    EventPlace place{0, 0};
    EXPECT_FALSE(rows.previous(place));
    std::size_t steps = 1;
    for (auto next = rows.next(place); next; next = rows.next(place)) {
        EXPECT_EQ(rows.previous(*next), place);
        place = *next;
        ++steps;
    }
    EXPECT_EQ(steps, rows.rows()[0].events.size());
}

TEST(TimelineRows, KnowTheMessages) {
    const TimelineRows rows(share(ring_trace(4, 3)));
    const TimelineFlow* flow = rows.flow(5);  // rank 1 in step 1
    ASSERT_NE(flow, nullptr);
    EXPECT_EQ(flow->send->rank, 1);
    EXPECT_EQ(flow->receive->rank, 2);
    EXPECT_EQ(&rows.event({flow->send_row, 1}), flow->send);
    EXPECT_EQ(rows.flow(99), nullptr);
    EXPECT_EQ(rows.flow(-1), nullptr);
    EXPECT_EQ(rows.flows_within(rows.extent(), 8).size(), 8U);
    EXPECT_TRUE(rows.flows_within(rows.extent(), 7).empty()) << "more than wanted";
    const TimeWindow until_first{rows.extent().begin_ns, flow->send->start_ns - 1};
    for (const TimelineFlow* within : rows.flows_within(until_first, 100)) {
        EXPECT_LE(within->receive->end_ns(), until_first.end_ns);
    }
}

TEST(TimelineRows, RefuseEventsThatCannotBeShown) {
    TraceEvent event;
    event.rank = 2;
    expect_error(ErrorKind::failed, {"an event of rank 2 among 2 ranks"}, [&] { TimelineRows(share({2, {event}})); });
    event.rank = 0;
    event.duration_ns = -1;
    expect_error(ErrorKind::failed, {"lasts -1 ns"}, [&] { TimelineRows(share({2, {event}})); });
    event.duration_ns = std::numeric_limits<Nanoseconds>::max();
    expect_error(ErrorKind::failed, {"starts at 0 ns"}, [&] { TimelineRows(share({2, {event}})); });
}

TEST(TimelineLayout, RowsFollowOneAnotherWithoutOverlap) {
    for (const std::int32_t ranks : {1, 4, 64}) {
        const TimelineRows rows(share(ring_trace(ranks, 2)));
        const TimelineLayout layout = lay_out(rows.rows(), 700);
        ASSERT_EQ(layout.rows.size(), rows.rows().size());
        EXPECT_EQ(layout.ranks.size(), static_cast<std::size_t>(ranks));
        for (std::size_t row = 0; row < layout.rows.size(); ++row) {
            EXPECT_GE(layout.rows[row].height, 6) << "high enough to be hit";
            EXPECT_TRUE(row == 0 || layout.rows[row].top >= layout.rows[row - 1].bottom());
            EXPECT_LE(layout.rows[row].bottom(), layout.height);
            EXPECT_EQ(layout.row_at(layout.rows[row].top), row);
            EXPECT_EQ(layout.row_at(layout.rows[row].bottom() - 0.5), row);
        }
        EXPECT_FALSE(layout.row_at(layout.height));
        EXPECT_FALSE(layout.row_at(-1));
    }
}

TEST(TimelineLayout, ShrinksBeforeItScrolls) {
    const TimelineRows rows(share(ring_trace(8, 2)));
    const TimelineLayout roomy = lay_out(rows.rows(), 2000);
    const TimelineLayout tight = lay_out(rows.rows(), 400);
    EXPECT_TRUE(roomy.names_streams);
    EXPECT_LE(tight.height, 400);
    EXPECT_FALSE(tight.names_streams);
    EXPECT_GT(lay_out(rows.rows(), 50).height, 50);
}

}  // namespace
}  // namespace longscope
