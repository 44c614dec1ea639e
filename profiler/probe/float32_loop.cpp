// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled once for every instruction set: this file includes itself through foreach_target.h.
#include "profiler/probe/busy_loops.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "profiler/probe/float32_loop.cpp"
// Arrays of vectors, which sizeless vector types do not allow.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include <hwy/foreach_target.h>  // NOLINT(misc-header-include-cycle)
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace longscope {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// More independent chains than two units with a latency of five cycles need, fewer than the smallest set of registers.
constexpr int chains = 12;

HWY_ATTR double float32_loop(std::int64_t rounds) {
    const hn::ScalableTag<float> d;
    // x -> 0.5 x + 1 stays near 2: no overflow, no subnormal numbers.
    const auto factor = hn::Set(d, 0.5F);
    const auto addend = hn::Set(d, 1.0F);
    hn::Vec<decltype(d)> sums[chains];
#pragma GCC unroll 12
    for (int i = 0; i < chains; ++i) {
        sums[i] = hn::Set(d, 1.0F + static_cast<float>(i));
    }
    for (std::int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
        for (int i = 0; i < chains; ++i) {
            sums[i] = hn::MulAdd(sums[i], factor, addend);
        }
    }
    auto total = hn::Zero(d);
#pragma GCC unroll 12
    for (int i = 0; i < chains; ++i) {
        total = hn::Add(total, sums[i]);
    }
    // The sum is used, so that the loop is not dropped; it is far below the first term and above zero.
    const double used = hn::GetLane(total) > 0.0F ? 1.0 : 0.0;
    return used * 2.0 * static_cast<double>(hn::Lanes(d)) * chains * static_cast<double>(rounds);
}

std::int64_t lanes() {
    return static_cast<std::int64_t>(hn::Lanes(hn::ScalableTag<float>()));
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace longscope {

HWY_EXPORT(float32_loop);
HWY_EXPORT(lanes);

double run_float32_loop(std::int64_t rounds) {
    return HWY_DYNAMIC_DISPATCH(float32_loop)(rounds);
}

std::int64_t float32_lanes() {
    return HWY_DYNAMIC_DISPATCH(lanes)();
}

}  // namespace longscope
#endif  // HWY_ONCE
