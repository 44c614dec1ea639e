// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/ticks.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

namespace longscope {
namespace {

TEST(TokenTicks, AreMultiplesOfAPowerOfTwo) {
    EXPECT_EQ(token_ticks({0, 65536}, 4),
              (std::vector<Tick>{{0, "0"}, {16384, "16K"}, {32768, "32K"}, {49152, "48K"}, {65536, "64K"}}));
    EXPECT_EQ(token_ticks({5, 9}, 10), (std::vector<Tick>{{5, "5"}, {6, "6"}, {7, "7"}, {8, "8"}, {9, "9"}}));
    EXPECT_EQ(token_ticks({1000, 2100}, 3), (std::vector<Tick>{{1024, "1,024"}, {1536, "1,536"}, {2048, "2,048"}}));
}

TEST(TimeTicks, CountInOneTwoFive) {
    EXPECT_EQ(time_ticks(0, 4'300'000, 5),
              (std::vector<Tick>{
                  {0, "0 ms"}, {1'000'000, "1 ms"}, {2'000'000, "2 ms"}, {3'000'000, "3 ms"}, {4'000'000, "4 ms"}}));
    EXPECT_EQ(time_ticks(0, 1'200'000, 3),
              (std::vector<Tick>{{0, "0.0 ms"}, {500'000, "0.5 ms"}, {1'000'000, "1.0 ms"}}));
    EXPECT_EQ(time_ticks(0, 900, 2), (std::vector<Tick>{{0, "0 ns"}, {500, "500 ns"}}));
    EXPECT_EQ(time_ticks(0, 6'000'000'000, 3),
              (std::vector<Tick>{{0, "0 s"}, {2'000'000'000, "2 s"}, {4'000'000'000, "4 s"}, {6'000'000'000, "6 s"}}));
}

TEST(TimeTicks, BeginAtTheFirstMultipleInView) {
    EXPECT_EQ(time_ticks(1'700'000, 1'000'000, 2), (std::vector<Tick>{{2'000'000, "2.0 ms"}, {2'500'000, "2.5 ms"}}));
    EXPECT_EQ(time_ticks(-700, 1'000, 2), (std::vector<Tick>{{-500, "-500 ns"}, {0, "0 ns"}}));
}

TEST(Ticks, LieInViewAndAreNotTooMany) {
    const bool held = rc::check("for any view", [] {
        const auto begin = *rc::gen::inRange<std::int64_t>(0, max_tokens);
        const auto size = *rc::gen::inRange<std::int64_t>(1, max_tokens);
        const int most = *rc::gen::inRange(1, 20);
        for (const std::vector<Tick>& ticks :
             {token_ticks({begin, begin + size}, most), time_ticks(begin, size, most)}) {
            RC_ASSERT(ticks.size() <= static_cast<std::size_t>(most) + 1);
            for (std::size_t i = 0; i < ticks.size(); ++i) {
                RC_ASSERT(ticks[i].value >= begin && ticks[i].value <= begin + size);
                if (i > 0) {
                    RC_ASSERT(ticks[i].label != ticks[i - 1].label);
                }
            }
        }
    });
    EXPECT_TRUE(held);
}

TEST(Ticks, OfBytesAreMultiplesOfAPowerOfTwo) {
    const auto labels = [](std::int64_t bytes, int most) {
        std::vector<std::string> texts;
        for (const Tick& tick : byte_ticks(bytes, most)) {
            texts.push_back(tick.label);
        }
        return texts;
    };
    EXPECT_EQ(labels(3'000'000, 3), (std::vector<std::string>{"0 B", "1.00 MiB", "2.00 MiB"}));
    EXPECT_EQ(labels(5, 10), (std::vector<std::string>{"0 B", "1 B", "2 B", "3 B", "4 B", "5 B"}));
    EXPECT_LE(byte_ticks(std::int64_t{1} << 50, 7).size(), 8U);
}

}  // namespace
}  // namespace longscope
