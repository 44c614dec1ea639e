// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/spare_buffers.h"

#include <gtest/gtest.h>

#include <utility>

namespace longscope::cpu {
namespace {

TEST(SpareBuffers, GivesAgainWhatCameBack) {
    SpareBuffers spare;
    AlignedBuffer<float> first = spare.take(1 << 20);
    const float* memory = first.data();
    spare.give_back(std::move(first));
    EXPECT_EQ(spare.take(1 << 19).data(), memory) << "it is large enough";
}

TEST(SpareBuffers, DropsWhatIsTooSmall) {
    SpareBuffers spare;
    spare.give_back(spare.take(100));
    const AlignedBuffer<float> larger = spare.take(1 << 20);
    EXPECT_EQ(larger.size(), 1 << 20);
    // The small one is gone: nothing of 100 elements is handed out again as such.
    EXPECT_EQ(spare.take(100).size(), 100);
}

}  // namespace
}  // namespace longscope::cpu
