// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/memory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

// A machine as files: /proc and the control groups.
class AvailableMemory : public testing::Test {
  protected:
    void put(const std::string& name, const std::string& text) const {
        const std::filesystem::path path = folder_.path() / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    [[nodiscard]] std::int64_t available() const {
        return available_memory_bytes(folder_.path() / "proc", folder_.path() / "groups");
    }

    TemporaryFolder folder_;
};

TEST_F(AvailableMemory, IsTheKernelsCount) {
    put("proc/meminfo", "MemTotal:       16000 kB\nMemFree:         100 kB\nMemAvailable:    9000 kB\n");
    EXPECT_EQ(available(), 9000 * 1024);
}

TEST_F(AvailableMemory, IsNoMoreThanTheControlGroupsLeave) {
    put("proc/meminfo", "MemAvailable:    9000 kB\n");
    put("proc/self/cgroup", "0::/user/session\n");
    put("groups/user/memory.max", "4000000\n");
    put("groups/user/memory.current", "1500000\n");
    put("groups/user/memory.stat", "anon 1000000\ninactive_file 200000\nactive_file 300000\n");
    put("groups/user/session/memory.max", "max\n");
    put("groups/user/session/memory.current", "1500000\n");
    EXPECT_EQ(available(), 4000000 - 1500000 + 200000);
    put("groups/user/session/memory.max", "1000000\n");
    EXPECT_EQ(available(), 0) << "more is used than is allowed";
}

TEST_F(AvailableMemory, IsUnlimitedWhereNothingTells) {
    EXPECT_EQ(available(), std::numeric_limits<std::int64_t>::max());
}

TEST(AvailableMemoryHere, IsSomethingAndNotMoreThanThereIs) {
    EXPECT_GT(available_memory_bytes(), 1 << 20);
    EXPECT_LT(available_memory_bytes(), std::int64_t{1} << 50);
}

}  // namespace
}  // namespace longscope
