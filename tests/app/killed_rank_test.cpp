// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/killed_rank.h"

#include <gtest/gtest.h>

namespace longscope {
namespace {

const std::string beginning = "mpirun noticed that process rank 3 with PID 4711 on node ";

TEST(KilledRank, IsFoundInWhatOpenMpiPrints) {
    EXPECT_EQ(find_killed_rank(beginning + "some-host exited on signal 9 (Killed)."), (KilledRank{3, "some-host", 9}));
    EXPECT_EQ(find_killed_rank("process rank x, " + beginning + "a exited on signal 11"), (KilledRank{3, "a", 11}));
}

TEST(KilledRank, IsNotFoundInOtherLines) {
    for (const std::string line : {"", "process rank ", "process rank -1 with PID 5 on node a exited on signal 9",
                                   "process rank 99999999999999999999 with PID 5 on node a exited on signal 9",
                                   "process rank 1 with PID 5 on node a exited on signal 99999999999",
                                   "process rank 1 with PID 5 on node a b"}) {
        EXPECT_EQ(find_killed_rank(line), std::nullopt) << line;
    }
}

// Workers print what they like: a line of 64 MiB needs no more stack than another.
TEST(KilledRank, LongLinesAreRead) {
    constexpr std::size_t many = std::size_t{64} << 20;
    EXPECT_EQ(find_killed_rank(beginning + std::string(many, 'x')), std::nullopt);
    EXPECT_EQ(find_killed_rank(std::string(many, ' ') + beginning + "a exited on signal 9"), (KilledRank{3, "a", 9}));
}

}  // namespace
}  // namespace longscope
