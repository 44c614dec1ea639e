// SPDX-License-Identifier: GPL-3.0-or-later
// The bench of masks: what it measures is what the masks are, and its cases are those that are promised.
#include "profiler/benches/mask_bench.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/base/json.h"
#include "engine/mask/mask_presets.h"
#include "profiler/benches/peak_memory.h"
#include "tests/support/sanitized.h"

namespace longscope {
namespace {

const MaskBenchOptions options{bench_lengths(), 1, 3, true};

TEST(MaskBench, MeasuresThePairsAndTilesOfTheMask) {
    const MaskBenchResult result =
        measure({MaskBenchPart::goals, "causal", R"({"causal": {}})", 1024, false, 1, std::nullopt}, options);
    EXPECT_EQ(result.documents, 1);
    EXPECT_EQ(result.pairs, 1024 * 1025 / 2);
    EXPECT_EQ(result.tiles.full, 28);
    EXPECT_EQ(result.tiles.partial, 8);
    EXPECT_EQ(result.all.count, 3);
    EXPECT_GE(result.all.median, result.compile.min);
    EXPECT_FALSE(result.within_limits()) << "nothing takes a nanosecond";
}

TEST(MaskBench, SaysWhyAMaskIsNotMeasured) {
    const MaskBenchResult result =
        measure({MaskBenchPart::growth, "window", R"({"window": {"left": 2048, "right": 0}})", 1024, false}, options);
    EXPECT_NE(result.refused.find("mask.window.left: 2048"), std::string::npos) << result.refused;
    EXPECT_FALSE(result.within_limits());
}

TEST(MaskBench, ChangesOneNumberOfAnExpression) {
    EXPECT_EQ(edited(R"({"window": {"left": 7, "right": 0}})", 64), R"({"window":{"left":8,"right":0}})");
    // One more would not fit: the window is as wide as the sequence.
    EXPECT_EQ(edited(R"({"window": {"left": 63, "right": 0}})", 64), R"({"window":{"left":62,"right":0}})");
    EXPECT_EQ(edited(R"({"causal": {}})", 64), R"({"causal":{}})");
}

TEST(MaskBench, HasEveryPresetAtBothLengths) {
    const std::vector<MaskBenchCase> cases = mask_bench_cases(false);
    for (const MaskPreset& preset : mask_presets()) {
        for (const MaskBenchPart part : {MaskBenchPart::presets, MaskBenchPart::edits}) {
            EXPECT_EQ(std::count_if(
                          cases.begin(), cases.end(),
                          [&](const MaskBenchCase& asked) { return asked.part == part && asked.name == preset.name; }),
                      1)
                << preset.name;
        }
    }
}

// Of the limits a multiple, since other tests run beside this one: what grew with the square of the tokens would take
// a hundred times as long.
TEST(MaskBench, WhatIsPromisedIsNotFarOff) {
    if (sanitizer_slowdown > 1) {
        GTEST_SKIP() << "a sanitizer multiplies every time, and the limits are of the product";
    }
    constexpr double busy = 8.0;
    for (const MaskBenchCase& asked : mask_bench_cases(true)) {
        if (asked.limit_ns) {
            const MaskBenchResult result = measure(asked, options);
            EXPECT_EQ(result.refused, "") << asked.name;
            EXPECT_LE(result.all.min, busy * static_cast<double>(*asked.limit_ns)) << asked.name;
            if (asked.limit_bytes) {
                EXPECT_LE(result.peak_bytes, *asked.limit_bytes) << asked.name;
            }
        }
    }
}

TEST(PeakMemory, CountsWhatWasTouchedAndGivenBack) {
    if (sanitizer_slowdown > 1) {
        GTEST_SKIP() << "a sanitizer keeps memory of its own beside what is counted";
    }
    constexpr std::size_t bytes = std::size_t{64} << 20U;
    const PeakMemory memory;
    {
        std::vector<char> touched(bytes, 1);
        ASSERT_EQ(touched[bytes / 2], 1);
    }
    // A few pages may have been there before.
    EXPECT_GE(memory.grown_bytes(), static_cast<std::int64_t>(bytes - bytes / 16));
    EXPECT_LT(memory.grown_bytes(), static_cast<std::int64_t>(2 * bytes));
}

}  // namespace
}  // namespace longscope
