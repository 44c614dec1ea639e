// SPDX-License-Identifier: GPL-3.0-or-later
// The peak that kernels are measured against must be that of the units, or every share would be too high.
#include "profiler/probe/peak.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "profiler/probe/busy_loops.h"
#include "tests/support/sanitized.h"

namespace longscope {
namespace {

TEST(Peak, LoopsSayWhatTheyDid) {
    EXPECT_DOUBLE_EQ(run_float32_loop(1000), 1000.0 * 12 * 2 * static_cast<double>(float32_lanes()));
    EXPECT_DOUBLE_EQ(run_clock_chain(1000), 16'000.0);
    EXPECT_DOUBLE_EQ(run_exponential_loop(10), 2560.0);
    if (has_bfloat16_dot_product()) {
        EXPECT_DOUBLE_EQ(run_bfloat16_loop(1000), 1000.0 * 24 * 64);
    }
    if (has_matrix_unit()) {
        EXPECT_DOUBLE_EQ(run_matrix_unit_loop(1000), 1000.0 * 4 * 2 * 16 * 16 * 32);
    }
}

TEST(Peak, OfTypesWithoutArithmeticOfTheirOwnIsThatOfFloat32) {
    EXPECT_EQ(peak_unit(DType::float16), PeakUnit::float32);
    EXPECT_EQ(peak_unit(DType::bfloat16), has_bfloat16_dot_product() ? PeakUnit::dot_product : PeakUnit::float32);
}

TEST(Peak, IsMostOfWhatTheUnitsCanDo) {
    for (const PeakUnit unit : {PeakUnit::float32, PeakUnit::dot_product, PeakUnit::matrix}) {
        if (!has_peak(unit)) {
            continue;
        }
        SCOPED_TRACE(to_string(unit));
        // A busy machine takes from the loop and from the clock in turns: the best of a few.
        double best = 0.0;
        for (int i = 0; i < 5; ++i) {
            const PeakQuality quality = measure_peak_quality(unit, 0.1);
            EXPECT_GE(quality.units, 0.25);
            EXPECT_GT(quality.clock_hz, 1e8 / sanitizer_slowdown);
            best = std::max(best, quality.share);
        }
        EXPECT_GT(best, 0.8 / sanitizer_slowdown);
    }
}

TEST(Peak, OfThreadsThatTakeTurnsIsNotCountedTwice) {
    // Many more threads than any test machine gives this process: together they do no more than its cores.
    const double one = measure_peak(PeakUnit::float32, 1, 0.05).flops_per_s;
    EXPECT_LT(measure_peak(PeakUnit::float32, 512, 0.001).flops_per_s, 512 * 0.9 * one);
}

}  // namespace
}  // namespace longscope
