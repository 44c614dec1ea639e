// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/chunk_assignment.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace longscope {
namespace {

using Works = std::vector<std::int64_t>;

Works loads_of(const Works& works, const Works& rank_of, std::int64_t ranks) {
    Works loads(static_cast<std::size_t>(ranks), 0);
    for (std::size_t i = 0; i < works.size(); ++i) {
        loads.at(static_cast<std::size_t>(rank_of.at(i))) += works[i];
    }
    return loads;
}

std::int64_t busiest(const Works& works, std::int64_t ranks, ChunkCounts counts) {
    const Works loads = loads_of(works, assign_chunks(works, ranks, counts), ranks);
    return *std::max_element(loads.begin(), loads.end());
}

// The least that the busiest rank can have, by trying everything.
std::int64_t best(const Works& works, std::int64_t ranks, ChunkCounts counts) {
    std::int64_t least = std::accumulate(works.begin(), works.end(), std::int64_t{0});
    Works rank_of(works.size(), 0);
    while (true) {
        Works held(static_cast<std::size_t>(ranks), 0);
        for (const std::int64_t rank : rank_of) {
            ++held[static_cast<std::size_t>(rank)];
        }
        if (counts == ChunkCounts::free || std::set<std::int64_t>(held.begin(), held.end()).size() == 1) {
            const Works loads = loads_of(works, rank_of, ranks);
            least = std::min(least, *std::max_element(loads.begin(), loads.end()));
        }
        std::size_t digit = 0;
        while (digit < rank_of.size() && ++rank_of[digit] == ranks) {
            rank_of[digit++] = 0;
        }
        if (digit == rank_of.size()) {
            return least;
        }
    }
}

// With two chunks a rank the one of 16 gets another; with any number it stays alone.
TEST(ChunkAssignment, EqualCountsCostWhatTheyMust) {
    const Works works{2, 4, 3, 16, 13, 5, 9, 10};
    EXPECT_EQ(busiest(works, 4, ChunkCounts::equal), 18);
    EXPECT_EQ(best(works, 4, ChunkCounts::equal), 18);
    EXPECT_EQ(busiest(works, 4, ChunkCounts::free), 16);
}

RC_GTEST_PROP(ChunkAssignment, GivesEveryRankAsManyChunksWhereAsked, ()) {
    const auto ranks = *rc::gen::inRange<std::int64_t>(1, 9);
    const auto a_rank = *rc::gen::inRange<std::size_t>(0, 9);
    const Works works =
        *rc::gen::container<Works>(static_cast<std::size_t>(ranks) * a_rank, rc::gen::inRange<std::int64_t>(0, 1000));
    const Works rank_of = assign_chunks(works, ranks, ChunkCounts::equal);
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
        RC_ASSERT(static_cast<std::size_t>(std::count(rank_of.begin(), rank_of.end(), rank)) == a_rank);
    }
}

// Graham's bound for longest first; moves and exchanges only help.
RC_GTEST_PROP(ChunkAssignment, IsWithinAThirdOfTheBest, ()) {
    const auto ranks = *rc::gen::inRange<std::int64_t>(2, 4);
    const Works works = *rc::gen::container<Works>(8, rc::gen::inRange<std::int64_t>(0, 40));
    const std::int64_t reached = busiest(works, ranks, ChunkCounts::free);
    const std::int64_t least = best(works, ranks, ChunkCounts::free);
    RC_ASSERT(reached >= least);
    RC_ASSERT(3 * reached <= 4 * least);
}

TEST(ChunkAssignment, IsTheSameForTheSameWork) {
    Works works;
    for (std::int64_t i = 0; i < 500; ++i) {
        works.push_back(i * 7919 % 1009);
    }
    EXPECT_EQ(assign_chunks(works, 8, ChunkCounts::equal), assign_chunks(works, 8, ChunkCounts::equal));
    const std::int64_t sum = std::accumulate(works.begin(), works.end(), std::int64_t{0});
    EXPECT_LE(busiest(works, 8, ChunkCounts::free), sum / 8 + 2);
}

}  // namespace
}  // namespace longscope
