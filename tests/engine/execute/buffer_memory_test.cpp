// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/buffer_memory.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "engine/base/address_sanitizer.h"
#include "engine/base/error.h"

namespace longscope {
namespace {

Schedule schedule_of_two() {
    Schedule schedule;
    schedule.operations.resize(4);
    schedule.operations[1].buffer = 1;
    schedule.operations[1].bytes = 100;
    schedule.operations[2].kind = OperationKind::free;
    schedule.operations[2].buffer = 1;
    schedule.operations[3].buffer = 2;
    schedule.operations[3].bytes = 200;
    schedule.operations[0].kind = OperationKind::finalize;
    return schedule;
}

TEST(BufferMemory, GivesEachBufferItsPlaceEveryTime) {
    BufferMemory memory(schedule_of_two());
    EXPECT_EQ(memory.bytes(), 256 + red_zone_bytes) << "one after the other, in multiples of 64";
    const std::span<std::byte> first = memory.begin_use(1, 100);
    EXPECT_EQ(first.size(), 100U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first.data()) % 64, 0U);
    first[99] = std::byte{7};
    memory.end_use(first);
    const std::span<std::byte> second = memory.begin_use(3, 200);
    EXPECT_EQ(second.data(), first.data());
    memory.end_use(second);
    EXPECT_EQ(memory.begin_use(1, 100).data(), first.data());
}

TEST(BufferMemory, IsForItsScheduleAlone) {
    BufferMemory memory(schedule_of_two());
    EXPECT_THROW((void)memory.begin_use(2, 100), Error) << "no alloc";
    EXPECT_THROW((void)memory.begin_use(1, 101), Error) << "of another size";
}

#ifdef LONGSCOPE_ADDRESS_SANITIZER
TEST(BufferMemoryDeathTest, ReportsWhoeverTouchesWhatNoBufferUses) {
    BufferMemory memory(schedule_of_two());
    const std::span<std::byte> first = memory.begin_use(1, 100);
    EXPECT_DEATH(first.data()[104] = std::byte{1}, "use-after-poison");
    EXPECT_DEATH(first.data()[128] = std::byte{1}, "use-after-poison");
    memory.end_use(first);
    EXPECT_DEATH(first[0] = std::byte{1}, "use-after-poison");
}
#endif

}  // namespace
}  // namespace longscope
