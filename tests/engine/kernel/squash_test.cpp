// SPDX-License-Identifier: GPL-3.0-or-later
// Hyperbolic tangent and logistic function of the cpu kernel, in every instruction set: this file includes itself
// through foreach_target.h.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/engine/kernel/squash_test.cpp"
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include <hwy/foreach_target.h>  // NOLINT(misc-header-include-cycle)
#include <hwy/highway.h>

#include "engine/kernel/cpu/squash-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope {
namespace HWY_NAMESPACE {

using Floats = hwy::HWY_NAMESPACE::ScalableTag<float>;

HWY_ATTR void tanh_of(float x, float* out) {
    const Floats d;
    const auto squashed = cpu::HWY_NAMESPACE::tanh(d, hwy::HWY_NAMESPACE::Set(d, x));
    out[0] = hwy::HWY_NAMESPACE::GetLane(squashed.value);
    out[1] = hwy::HWY_NAMESPACE::GetLane(squashed.slope);
}

HWY_ATTR void logistic_of(float x, float* out) {
    const Floats d;
    const auto squashed = cpu::HWY_NAMESPACE::logistic(d, hwy::HWY_NAMESPACE::Set(d, x));
    out[0] = hwy::HWY_NAMESPACE::GetLane(squashed.value);
    out[1] = hwy::HWY_NAMESPACE::GetLane(squashed.slope);
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace longscope {

HWY_EXPORT(tanh_of);
HWY_EXPORT(logistic_of);

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

struct Got {
    double value;
    double slope;
};

Got tanh_at(float x) {
    float out[2];
    HWY_DYNAMIC_DISPATCH(tanh_of)(x, out);
    return {out[0], out[1]};
}

Got logistic_at(float x) {
    float out[2];
    HWY_DYNAMIC_DISPATCH(logistic_of)(x, out);
    return {out[0], out[1]};
}

class Squash : public ::testing::Test {
  protected:
    // Runs a check for each instruction set of this machine.
    template <typename Check>
    static void for_each_target(const Check& check) {
        const std::int64_t supported = hwy::SupportedTargets() & HWY_TARGETS;
        for (std::int64_t bits = supported; bits != 0; bits &= bits - 1) {
            hwy::SetSupportedTargetsForTest(bits & -bits);
            hwy::GetChosenTarget().Update(hwy::SupportedTargets());
            SCOPED_TRACE(hwy::TargetName(bits & -bits));
            check();
        }
    }
    void TearDown() override {
        hwy::SetSupportedTargetsForTest(0);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    }
};

TEST_F(Squash, TanhErrsByThreeInTenMillionAtMost) {
    for_each_target([] {
        double worst = 0.0;
        double worst_slope = 0.0;
        // Evenly, and as near to 0 as float32 goes with normal squares.
        const auto compare = [&](double x) {
            const auto rounded = static_cast<float>(x);
            const Got got = tanh_at(rounded);
            worst = std::max(worst, std::abs(got.value / std::tanh(double{rounded}) - 1.0));
            if (std::abs(rounded) <= 10.0F) {
                const double cosh = std::cosh(double{rounded});
                worst_slope = std::max(worst_slope, std::abs(got.slope * cosh * cosh - 1.0));
            } else {
                EXPECT_LE(got.slope, 1e-8) << x;
            }
        };
        for (double x = -25.0; x <= 25.0; x += 0.000371) {
            compare(x);
        }
        for (double x = 1e-30; x <= 1.0; x *= 1.003) {
            compare(x);
            compare(-x);
        }
        EXPECT_LE(worst, 3e-7);
        EXPECT_GT(worst, 1e-9) << "nothing was compared";
        EXPECT_LE(worst_slope, 1.2e-6);
        EXPECT_GT(worst_slope, 1e-9) << "nothing was compared";
    });
}

TEST_F(Squash, TanhIsOddAndEndsInOne) {
    for_each_target([] {
        EXPECT_EQ(tanh_at(0.0F).value, 0.0);
        EXPECT_EQ(tanh_at(0.0F).slope, 1.0);
        for (const float x : {0.001F, 0.5F, 3.0F, 20.0F}) {
            EXPECT_EQ(tanh_at(-x).value, -tanh_at(x).value) << x;
        }
        for (const float x : {60.0F, 1e10F, 3.4e38F, infinity}) {
            EXPECT_EQ(tanh_at(x).value, 1.0) << x;
            EXPECT_EQ(tanh_at(-x).value, -1.0) << x;
            EXPECT_LE(tanh_at(x).slope, 1e-37) << x;
        }
    });
}

TEST_F(Squash, TheLogisticFunctionErrsInProportionToItsArgument) {
    for_each_target([] {
        double worst = 0.0;
        double worst_slope = 0.0;
        for (double x = -80.0; x <= 80.0; x += 0.000731) {
            const auto rounded = static_cast<float>(x);
            const Got got = logistic_at(rounded);
            const double e = std::exp(-std::abs(double{rounded}));
            const double allowed = 4e-7 + 1e-7 * std::abs(double{rounded});
            const double value = (rounded >= 0.0F ? 1.0 : e) / (1.0 + e);
            worst = std::max(worst, std::abs(got.value / value - 1.0) / allowed);
            worst_slope = std::max(worst_slope, std::abs(got.slope / (e / (1.0 + e) / (1.0 + e)) - 1.0) / allowed);
        }
        EXPECT_LE(worst, 1.0);
        EXPECT_GT(worst, 1e-3) << "nothing was compared";
        EXPECT_LE(worst_slope, 1.0);
        EXPECT_GT(worst_slope, 1e-3) << "nothing was compared";
    });
}

TEST_F(Squash, TheLogisticFunctionEndsInZeroAndOneAndKeepsNaN) {
    for_each_target([] {
        EXPECT_EQ(logistic_at(0.0F).value, 0.5);
        EXPECT_EQ(logistic_at(0.0F).slope, 0.25);
        EXPECT_EQ(logistic_at(-infinity).value, 0.0);
        EXPECT_EQ(logistic_at(infinity).value, 1.0);
        EXPECT_EQ(logistic_at(-infinity).slope, 0.0);
        EXPECT_EQ(logistic_at(infinity).slope, 0.0);
        EXPECT_TRUE(std::isnan(logistic_at(std::numeric_limits<float>::quiet_NaN()).value));
        EXPECT_TRUE(std::isnan(logistic_at(std::numeric_limits<float>::quiet_NaN()).slope));
    });
}

}  // namespace
}  // namespace longscope

#endif  // HWY_ONCE
