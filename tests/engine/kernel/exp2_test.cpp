// SPDX-License-Identifier: GPL-3.0-or-later
// The exponential of the cpu kernel, in every instruction set: this file includes itself through foreach_target.h.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/engine/kernel/exp2_test.cpp"
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include <hwy/foreach_target.h>  // NOLINT(misc-header-include-cycle)
#include <hwy/highway.h>

#include "engine/kernel/cpu/exp2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope {
namespace HWY_NAMESPACE {

HWY_ATTR float exp2_of(float x) {
    const hwy::HWY_NAMESPACE::ScalableTag<float> d;
    return hwy::HWY_NAMESPACE::GetLane(cpu::HWY_NAMESPACE::exp2(d, hwy::HWY_NAMESPACE::Set(d, x)));
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace longscope {

HWY_EXPORT(exp2_of);

namespace {

class Exp2 : public ::testing::Test {
  protected:
    // Runs a check for each instruction set of this machine.
    template <typename Check>
    static void for_each_target(const Check& check) {
        const std::int64_t supported = hwy::SupportedTargets() & HWY_TARGETS;
        for (std::int64_t bits = supported; bits != 0; bits &= bits - 1) {
            hwy::SetSupportedTargetsForTest(bits & -bits);
            hwy::GetChosenTarget().Update(hwy::SupportedTargets());
            SCOPED_TRACE(hwy::TargetName(bits & -bits));
            check([](float x) { return HWY_DYNAMIC_DISPATCH(exp2_of)(x); });
        }
    }
    void TearDown() override {
        hwy::SetSupportedTargetsForTest(0);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    }
};

TEST_F(Exp2, ErrsByTwoInTenMillionAtMost) {
    for_each_target([](const auto& exp2) {
        double worst = 0.0;
        for (double x = -120.0; x <= 8.0; x += 0.000731) {
            const auto rounded = static_cast<float>(x);
            worst = std::max(worst, std::abs(double{exp2(rounded)} / std::exp2(double{rounded}) - 1.0));
        }
        EXPECT_LE(worst, 2e-7);
        EXPECT_GT(worst, 1e-9) << "nothing was compared";
    });
}

TEST_F(Exp2, IsExactAtWholeNumbers) {
    for_each_target([](const auto& exp2) {
        for (int x = -120; x <= 100; ++x) {
            EXPECT_EQ(exp2(static_cast<float>(x)), std::ldexp(1.0F, x)) << x;
        }
    });
}

TEST_F(Exp2, IsZeroWhereItWouldBeSubnormal) {
    for_each_target([](const auto& exp2) {
        EXPECT_EQ(exp2(-126.0F), std::numeric_limits<float>::min());
        for (const float x :
             {-126.00001F, -130.5F, -149.0F, -150.0F, -1000.0F, -3.4e38F, -std::numeric_limits<float>::infinity()}) {
            EXPECT_EQ(exp2(x), 0.0F) << x;
        }
    });
}

}  // namespace
}  // namespace longscope

#endif  // HWY_ONCE
