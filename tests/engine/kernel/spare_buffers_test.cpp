// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/spare_buffers.h"

#include <gtest/gtest.h>

#include <utility>

#include "engine/kernel/cpu/scratch.h"

namespace longscope::cpu {
namespace {

TEST(SpareBuffers, GivesAgainWhatCameBack) {
    SpareBuffers spare(2);
    AlignedBuffer<float> first = spare.take(1 << 20);
    const float* memory = first.data();
    spare.give_back(std::move(first));
    EXPECT_EQ(spare.take(1 << 19).data(), memory) << "it is large enough";
}

TEST(SpareBuffers, KeepsALargeOneForTheLarge) {
    SpareBuffers spare(2);
    AlignedBuffer<float> large = spare.take(1 << 20);
    const float* memory = large.data();
    spare.give_back(std::move(large));
    EXPECT_EQ(spare.take(100).size(), 100);
    EXPECT_EQ(spare.take(1 << 20).data(), memory);
}

TEST(SpareBuffers, DropsTheOldestWhenThereAreTooMany) {
    SpareBuffers spare(1);
    spare.give_back(spare.take(1 << 20));
    spare.give_back(spare.take(100));
    EXPECT_EQ(spare.take((1 << 20) - 1).size(), (1 << 20) - 1) << "the large one is gone";
    EXPECT_EQ(spare.take(50).size(), 100);
}

TEST(Scratch, PartsDoNotOverlapAndBeginAtVectors) {
    SpareBuffers spare(2);
    constexpr std::int64_t floats = 3'000'000;
    Scratch scratch(floats + Scratch::whole_vectors(17), spare);
    float* first = scratch.take(17);
    float* second = scratch.take(floats);
    EXPECT_EQ(second - first, 32);
    for (const float* part : {first, second}) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(part) % 64, 0U);
    }
    second[floats - 1] = 1.0F;  // the sanitizers see whether it is ours
    EXPECT_EQ(second[floats - 1], 1.0F);
}

}  // namespace
}  // namespace longscope::cpu
