// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled once for every instruction set: this file includes itself through foreach_target.h.
#include "profiler/probe/busy_loops.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "profiler/probe/exponential_loop.cpp"
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include <hwy/foreach_target.h>  // NOLINT(misc-header-include-cycle)
#include <hwy/highway.h>

#include "engine/kernel/cpu/exp2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

HWY_ATTR double exponential_loop(std::int64_t rounds) {
    // A row of scores, as it lies in the first-level cache: scaled, made exponentials, summed and written back.
    constexpr std::int64_t count = 256;
    const hn::ScalableTag<float> d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    HWY_ALIGN float scores[count];
    HWY_ALIGN float weights[count];
    for (std::int64_t i = 0; i < count; ++i) {
        scores[i] = -static_cast<float>(i % 20);
    }
    const auto scale = hn::Set(d, 0.5F);
    const auto subtracted = hn::Set(d, 1.0F);
    auto sum0 = hn::Zero(d);
    auto sum1 = hn::Zero(d);
    for (std::int64_t round = 0; round < rounds; ++round) {
        // Every round anew: the compiler must not know that the scores are the same.
        asm volatile("" : : "r"(&scores[0]), "r"(&weights[0]) : "memory");
        for (std::int64_t i = 0; i < count; i += 2 * lanes) {
            const auto e0 =
                cpu::HWY_NAMESPACE::exp2_of_weight(d, hn::MulSub(hn::Load(d, scores + i), scale, subtracted));
            const auto e1 =
                cpu::HWY_NAMESPACE::exp2_of_weight(d, hn::MulSub(hn::Load(d, scores + i + lanes), scale, subtracted));
            hn::Store(e0, d, weights + i);
            hn::Store(e1, d, weights + i + lanes);
            sum0 = hn::Add(sum0, e0);
            sum1 = hn::Add(sum1, e1);
        }
    }
    const double used = hn::GetLane(hn::Add(sum0, sum1)) + weights[0] > 0.0F ? 1.0 : 0.0;
    return used * count * static_cast<double>(rounds);
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace longscope {

HWY_EXPORT(exponential_loop);

double run_exponential_loop(std::int64_t rounds) {
    return HWY_DYNAMIC_DISPATCH(exponential_loop)(rounds);
}

}  // namespace longscope
#endif  // HWY_ONCE
