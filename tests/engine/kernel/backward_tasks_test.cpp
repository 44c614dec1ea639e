// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/backward_tasks.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace longscope::cpu {
namespace {

// Every tile once, and nothing before what it waits for: the packing of its head, or the end of the head whose room it
// takes.
TEST(BackwardTasks, DoEverythingOnceAndWaitForEarlierTasksOnly) {
    for (const std::int64_t heads : {1, 2, 3, 7}) {
        for (const std::int64_t row_tiles : {1, 2, 5, 12}) {
            for (const std::int64_t key_tiles : {1, 2, 5, 30}) {
                for (std::int64_t room = 1; room <= heads; ++room) {
                    SCOPED_TRACE(testing::Message() << heads << " heads, " << row_tiles << " x " << key_tiles
                                                    << " tiles, room for " << room);
                    const BackwardTasks tasks(heads, row_tiles, key_tiles, room);
                    std::map<std::int64_t, std::set<std::int64_t>> packed;
                    std::map<std::int64_t, std::int64_t> computed;
                    for (std::int64_t i = 0; i < tasks.count(); ++i) {
                        const BackwardTask task = tasks.at(i);
                        ASSERT_LT(task.head, heads);
                        if (task.key_tile < 0) {
                            EXPECT_FALSE(task.rows.empty());
                            if (task.head >= room) {
                                EXPECT_EQ(computed[task.head - room], key_tiles);
                            }
                            for (std::int64_t tile = task.rows.begin; tile < task.rows.end; ++tile) {
                                EXPECT_TRUE(packed[task.head].insert(tile).second);
                            }
                        } else {
                            EXPECT_EQ(packed[task.head].size(), static_cast<std::size_t>(row_tiles));
                            EXPECT_EQ(computed[task.head]++, task.key_tile);
                        }
                    }
                    for (std::int64_t head = 0; head < heads; ++head) {
                        EXPECT_EQ(computed[head], key_tiles);
                    }
                }
            }
        }
    }
}

TEST(BackwardTasks, ThereAreNoneWithoutTilesOfKeys) {
    EXPECT_EQ(BackwardTasks(3, 4, 0, 2).count(), 0);
}

}  // namespace
}  // namespace longscope::cpu
