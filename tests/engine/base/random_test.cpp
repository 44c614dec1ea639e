// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/random.h"

#include <gtest/gtest.h>

#include <cmath>

namespace longscope {
namespace {

// Known answers of the generator's authors: Random123, file kat_vectors, philox4x32 with 10 rounds.
TEST(Philox, MatchesThePublishedKnownAnswers) {
    EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
              (std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    const std::uint32_t ones = 0xffffffff;
    EXPECT_EQ(philox4x32({ones, ones, ones, ones}, {ones, ones}),
              (std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              (std::array<std::uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStream, RepeatsForOneSeedAndDiffersBetweenStreams) {
    RandomStream a(7, 1);
    RandomStream same(7, 1);
    RandomStream other(7, 2);
    for (int i = 0; i < 100; ++i) {
        const std::uint64_t value = a.next_u64();
        EXPECT_EQ(value, same.next_u64());
        EXPECT_NE(value, other.next_u64());
    }
}

TEST(RandomStream, NextBelowReachesEveryValueEvenly) {
    RandomStream random(1, 0);
    std::array<int, 5> seen{};
    for (int i = 0; i < 50000; ++i) {
        ++seen.at(random.next_below(5));
    }
    for (const int count : seen) {
        EXPECT_NEAR(count, 10000, 400);  // four standard deviations
    }
}

TEST(Normal4, HasTheMomentsOfTheStandardNormalDistribution) {
    double sum = 0;
    double squares = 0;
    double fourth = 0;
    const int blocks = 50000;
    for (int block = 0; block < blocks; ++block) {
        for (const float value : normal4(3, 5, static_cast<std::uint64_t>(block))) {
            ASSERT_TRUE(std::isfinite(value));
            sum += value;
            squares += double{value} * value;
            fourth += double{value} * value * value * value;
        }
    }
    const double n = 4.0 * blocks;
    EXPECT_NEAR(sum / n, 0.0, 4.0 / std::sqrt(n));
    EXPECT_NEAR(squares / n, 1.0, 4.0 * std::sqrt(2.0 / n));
    EXPECT_NEAR(fourth / n, 3.0, 4.0 * std::sqrt(96.0 / n));
}

}  // namespace
}  // namespace longscope
