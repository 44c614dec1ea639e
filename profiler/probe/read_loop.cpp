// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled once for every instruction set: this file includes itself through foreach_target.h.
#include "profiler/probe/busy_loops.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "profiler/probe/read_loop.cpp"
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include <hwy/foreach_target.h>  // NOLINT(misc-header-include-cycle)
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace longscope {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

HWY_ATTR float read_loop(const float* from, std::int64_t count) {
    const hn::ScalableTag<float> d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    auto sum0 = hn::Zero(d);
    auto sum1 = hn::Zero(d);
    auto sum2 = hn::Zero(d);
    auto sum3 = hn::Zero(d);
    // Four pages side by side: processors fetch ahead by themselves as far as a page, and a stream alone, which begins
    // anew in each of them, leaves some of the buffers empty in which lines are on their way.
    constexpr std::int64_t page = 1024;
    std::int64_t i = 0;
    for (; i + 4 * page <= count; i += 4 * page) {
        for (const float* at = from + i; at != from + i + page; at += lanes) {
            sum0 = hn::Add(sum0, hn::Load(d, at));
            sum1 = hn::Add(sum1, hn::Load(d, at + page));
            sum2 = hn::Add(sum2, hn::Load(d, at + 2 * page));
            sum3 = hn::Add(sum3, hn::Load(d, at + 3 * page));
        }
    }
    for (; i + 4 * lanes <= count; i += 4 * lanes) {
        sum0 = hn::Add(sum0, hn::Load(d, from + i));
        sum1 = hn::Add(sum1, hn::Load(d, from + i + lanes));
        sum2 = hn::Add(sum2, hn::Load(d, from + i + 2 * lanes));
        sum3 = hn::Add(sum3, hn::Load(d, from + i + 3 * lanes));
    }
    return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3))));
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace longscope {

HWY_EXPORT(read_loop);

float read_floats(const float* from, std::int64_t count) {
    return HWY_DYNAMIC_DISPATCH(read_loop)(from, count);
}

}  // namespace longscope
#endif  // HWY_ONCE
