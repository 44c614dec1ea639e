// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/pass_times.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace longscope {
namespace {

TraceEvent event(std::int32_t rank, Category category, Nanoseconds start_ns, Nanoseconds duration_ns,
                 Stream stream = Stream::compute) {
    TraceEvent one;
    one.rank = rank;
    one.stream = stream;
    one.category = category;
    one.start_ns = start_ns;
    one.duration_ns = duration_ns;
    return one;
}

// Rank 1 comes to the barrier 30 ns before rank 0, and is done 5 ns before it.
TEST(PassTimes, EndWhereTheRankItselfEnds) {
    const Trace trace{2,
                      {event(0, Category::attend, 10, 90), event(0, Category::barrier, 100, 1),
                       event(0, Category::attend_backward, 101, 60), event(1, Category::attend, 12, 58),
                       event(1, Category::barrier, 70, 31), event(1, Category::attend_backward, 102, 40),
                       event(1, Category::send, 130, 26, Stream::send)}};
    const PassTimes times = pass_times(trace);
    EXPECT_EQ(times.forward_ns, (std::vector<Nanoseconds>{90, 58}));
    EXPECT_EQ(times.backward_ns, (std::vector<Nanoseconds>{60, 55}));
}

TEST(PassTimes, WithoutABackwardPassAreThoseOfTheForwardPass) {
    const PassTimes times = pass_times({3, {event(0, Category::attend, 5, 10), event(2, Category::attend, 0, 7)}});
    EXPECT_EQ(times.forward_ns, (std::vector<Nanoseconds>{10, 0, 7}));
    EXPECT_TRUE(times.backward_ns.empty());
    EXPECT_THROW((void)pass_times({1, {event(1, Category::attend, 0, 1)}}), Error);
}

}  // namespace
}  // namespace longscope
