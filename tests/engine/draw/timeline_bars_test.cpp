// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/timeline_bars.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace longscope {
namespace {

TraceEvent event(Category category, Nanoseconds start_ns, Nanoseconds duration_ns) {
    TraceEvent made;
    made.category = category;
    made.start_ns = start_ns;
    made.duration_ns = duration_ns;
    return made;
}

std::vector<const TraceEvent*> pointers(const std::vector<TraceEvent>& events) {
    std::vector<const TraceEvent*> found;
    for (const TraceEvent& one : events) {
        found.push_back(&one);
    }
    return found;
}

// Ten nanoseconds a point.
constexpr TimeScale scale{1000, 2000, 100};

TEST(TimelineBars, AnEventIsABar) {
    const std::vector<TraceEvent> events{event(Category::attend, 1100, 200)};
    const std::vector<TimelineBar> bars = timeline_bars(pointers(events), scale);
    ASSERT_EQ(bars.size(), 1U);
    EXPECT_EQ(bars[0].begin, 10);
    EXPECT_EQ(bars[0].end, 30);
    EXPECT_EQ(bars[0].event, &events[0]);
}

TEST(TimelineBars, AnEventIsCutAtTheBordersOfTheView) {
    const std::vector<TraceEvent> events{event(Category::attend, 0, 1050), event(Category::wait, 1990, 500)};
    const std::vector<TimelineBar> bars = timeline_bars(pointers(events), scale);
    ASSERT_EQ(bars.size(), 2U);
    EXPECT_EQ(bars[0].begin, 0);
    EXPECT_EQ(bars[0].end, 5);
    EXPECT_EQ(bars[1].begin, 99);
    EXPECT_EQ(bars[1].end, 100);
}

TEST(TimelineBars, EventsOutsideTheViewAreLeftOut) {
    const std::vector<TraceEvent> events{event(Category::attend, 0, 1000), event(Category::attend, 2000, 5),
                                         event(Category::attend, 3000, 5)};
    EXPECT_TRUE(timeline_bars(pointers(events), scale).empty());
}

TEST(TimelineBars, ShortEventsFillThePointInWhichTheyBegin) {
    const std::vector<TraceEvent> events{event(Category::merge, 1204, 0), event(Category::merge, 1207, 1),
                                         event(Category::merge, 1211, 2), event(Category::merge, 1500, 2)};
    const std::vector<TimelineBar> bars = timeline_bars(pointers(events), scale);
    ASSERT_EQ(bars.size(), 2U) << "neighbours of one category are one bar";
    EXPECT_EQ(bars[0].begin, 20);
    EXPECT_EQ(bars[0].end, 22);
    EXPECT_EQ(bars[0].events, 3);
    EXPECT_EQ(bars[1].begin, 50);
    EXPECT_EQ(bars[1].end, 51);
}

TEST(TimelineBars, CategoriesThatMeetInAPointShareItsHeight) {
    const std::vector<TraceEvent> events{event(Category::attend, 1200, 4), event(Category::wait, 1204, 4),
                                         event(Category::merge, 1208, 1)};
    const std::vector<TimelineBar> bars = timeline_bars(pointers(events), scale);
    ASSERT_EQ(bars.size(), 3U);
    EXPECT_EQ(bars[0].top, 0);
    EXPECT_EQ(bars[0].bottom, bars[1].top);
    EXPECT_EQ(bars[1].bottom, bars[2].top);
    EXPECT_NEAR(bars[2].bottom, 1, 1e-12);
    for (const TimelineBar& bar : bars) {
        EXPECT_GT(bar.bottom - bar.top, 0.15) << to_string(bar.category);
    }
}

TEST(TimelineBars, EveryEventInViewIsColouredWhereItBegins) {
    const bool held = rc::check("for any events", [] {
        std::vector<TraceEvent> events;
        const int count = *rc::gen::inRange(0, 60);
        for (int i = 0; i < count; ++i) {
            events.push_back(event(static_cast<Category>(*rc::gen::inRange(0, 6)),
                                   *rc::gen::inRange<Nanoseconds>(1000, 2000), *rc::gen::inRange<Nanoseconds>(0, 40)));
        }
        std::sort(events.begin(), events.end(),
                  [](const TraceEvent& a, const TraceEvent& b) { return a.start_ns < b.start_ns; });
        const std::vector<TimelineBar> bars = timeline_bars(pointers(events), scale);
        std::int64_t stood_for = 0;
        for (const TimelineBar& bar : bars) {
            RC_ASSERT(bar.begin >= 0);
            RC_ASSERT(bar.end <= 100);
            RC_ASSERT(bar.end - bar.begin >= 1 - 1e-9);
            stood_for += bar.events;
        }
        RC_ASSERT(stood_for == static_cast<std::int64_t>(events.size()));
        for (const TraceEvent& one : events) {
            const double place = scale.place(one.start_ns);
            RC_ASSERT(std::any_of(bars.begin(), bars.end(), [&](const TimelineBar& bar) {
                return bar.category == one.category && bar.begin <= place && place < bar.end;
            }));
        }
    });
    EXPECT_TRUE(held);
}

TEST(TimelineBars, AMillionEventsAreNoMoreBarsThanThePictureHasPoints) {
    std::vector<TraceEvent> events;
    for (int i = 0; i < 1'000'000; ++i) {
        events.push_back(event(Category::attend, i, 1));
    }
    const std::vector<TimelineBar> bars = timeline_bars(pointers(events), {0, 1'000'000, 900});
    ASSERT_EQ(bars.size(), 1U);
    EXPECT_EQ(bars[0].events, 1'000'000);
    EXPECT_EQ(bars[0].end, 900);
}

}  // namespace
}  // namespace longscope
