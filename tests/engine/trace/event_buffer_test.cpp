// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/trace/event_buffer.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "tests/support/trace_cases.h"

namespace longscope {
namespace {

RC_GTEST_PROP(EventBuffer, KeepsTheLongestInOrderAndKnowsTheRest, ()) {
    const std::vector<TraceEvent> all = (*any_trace()).events;
    const auto max_events = *rc::gen::inRange<std::int64_t>(0, 70);
    EventBuffer buffer(max_events);
    for (const TraceEvent& event : all) {
        buffer.add(event);
    }
    // What a stable sort by duration puts first stays.
    std::vector<TraceEvent> expected = all;
    std::stable_sort(expected.begin(), expected.end(),
                     [](const TraceEvent& a, const TraceEvent& b) { return a.duration_ns > b.duration_ns; });
    DroppedEvents dropped;
    while (static_cast<std::int64_t>(expected.size()) > max_events) {
        dropped.add(expected.back());
        expected.pop_back();
    }
    std::sort(expected.begin(), expected.end(),
              [](const TraceEvent& a, const TraceEvent& b) { return a.operation < b.operation; });
    RC_ASSERT(buffer.dropped() == dropped);
    RC_ASSERT(buffer.take() == expected);
}

TEST(EventBuffer, WhatIsDroppedLeavesItsTimes) {
    EventBuffer buffer(0);
    buffer.add({0, Stream::compute, Category::attend, 100, 50, 0, 1.0, 0, -1, 0});
    buffer.add({0, Stream::compute, Category::wait, 150, 7, 0, 0, 1, 3, 0});
    buffer.add({0, Stream::receive, Category::receive, 90, 900, 8, 0, 2, 3, 0});
    buffer.add({0, Stream::compute, Category::merge, 160, 5, 0, 0, 3, -1, 0});
    EXPECT_EQ(buffer.dropped(), (DroppedEvents{4, 55, 7, 90, 990}));
    EXPECT_TRUE(buffer.take().empty());
}

}  // namespace
}  // namespace longscope
