// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled once for every instruction set: this file includes itself through foreach_target.h.
#include "profiler/peers/softmax_loops.h"

#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "profiler/peers/softmax_loops.cpp"
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include <hwy/foreach_target.h>  // NOLINT(misc-header-include-cycle)
#include <hwy/highway.h>

#include "engine/kernel/cpu/exp2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

HWY_ATTR float largest(const float* values, std::int64_t count) {
    const hn::ScalableTag<float> d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    auto best0 = hn::Set(d, -std::numeric_limits<float>::infinity());
    auto best1 = best0;
    std::int64_t i = 0;
    for (; i + 2 * lanes <= count; i += 2 * lanes) {
        best0 = hn::Max(best0, hn::LoadU(d, values + i));
        best1 = hn::Max(best1, hn::LoadU(d, values + i + lanes));
    }
    float best = hn::GetLane(hn::MaxOfLanes(d, hn::Max(best0, best1)));
    for (; i < count; ++i) {
        best = values[i] > best ? values[i] : best;
    }
    return best;
}

HWY_ATTR float powers(float* values, std::int64_t count, float scale, float subtracted) {
    const hn::ScalableTag<float> d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const auto all_scale = hn::Set(d, scale);
    const auto all_subtracted = hn::Set(d, subtracted);
    auto sum0 = hn::Zero(d);
    auto sum1 = hn::Zero(d);
    std::int64_t i = 0;
    for (; i + 2 * lanes <= count; i += 2 * lanes) {
        const auto e0 = cpu::HWY_NAMESPACE::exp2(d, hn::MulSub(hn::LoadU(d, values + i), all_scale, all_subtracted));
        const auto e1 =
            cpu::HWY_NAMESPACE::exp2(d, hn::MulSub(hn::LoadU(d, values + i + lanes), all_scale, all_subtracted));
        hn::StoreU(e0, d, values + i);
        hn::StoreU(e1, d, values + i + lanes);
        sum0 = hn::Add(sum0, e0);
        sum1 = hn::Add(sum1, e1);
    }
    float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
    for (; i < count; ++i) {
        const auto e = cpu::HWY_NAMESPACE::exp2(d, hn::MulSub(hn::Set(d, values[i]), all_scale, all_subtracted));
        values[i] = hn::GetLane(e);
        sum += values[i];
    }
    return sum;
}

HWY_ATTR void multiply(float* values, std::int64_t count, float factor) {
    const hn::ScalableTag<float> d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const auto all = hn::Set(d, factor);
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        hn::StoreU(hn::Mul(hn::LoadU(d, values + i), all), d, values + i);
    }
    for (; i < count; ++i) {
        values[i] *= factor;
    }
}

HWY_ATTR void gradients_of_scores(const float* weights, float* gradients, std::int64_t count, float delta) {
    const hn::ScalableTag<float> d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const auto all = hn::Set(d, delta);
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        hn::StoreU(hn::Mul(hn::LoadU(d, weights + i), hn::Sub(hn::LoadU(d, gradients + i), all)), d, gradients + i);
    }
    for (; i < count; ++i) {
        gradients[i] = weights[i] * (gradients[i] - delta);
    }
}

HWY_ATTR float dot(const float* a, const float* b, std::int64_t count) {
    const hn::ScalableTag<float> d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    auto sums = hn::Zero(d);
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        sums = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sums);
    }
    float sum = hn::GetLane(hn::SumOfLanes(d, sums));
    for (; i < count; ++i) {
        sum += a[i] * b[i];
    }
    return sum;
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace longscope {

HWY_EXPORT(largest);
HWY_EXPORT(powers);
HWY_EXPORT(multiply);
HWY_EXPORT(gradients_of_scores);
HWY_EXPORT(dot);

float largest_of(const float* values, std::int64_t count) {
    return HWY_DYNAMIC_DISPATCH(largest)(values, count);
}
float powers_of_two(float* values, std::int64_t count, float scale, float subtracted) {
    return HWY_DYNAMIC_DISPATCH(powers)(values, count, scale, subtracted);
}
void multiply_by(float* values, std::int64_t count, float factor) {
    HWY_DYNAMIC_DISPATCH(multiply)(values, count, factor);
}
void score_gradients(const float* weights, float* gradients, std::int64_t count, float delta) {
    HWY_DYNAMIC_DISPATCH(gradients_of_scores)(weights, gradients, count, delta);
}
float dot_of(const float* a, const float* b, std::int64_t count) {
    return HWY_DYNAMIC_DISPATCH(dot)(a, b, count);
}

}  // namespace longscope
#endif  // HWY_ONCE
