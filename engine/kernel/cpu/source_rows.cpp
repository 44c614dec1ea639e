// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled once for every instruction set: this file includes itself through foreach_target.h.
#include "engine/kernel/cpu/source_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernel/cpu/source_rows.cpp"
#include <hwy/foreach_target.h>  // NOLINT(misc-header-include-cycle)
#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

HWY_ATTR std::uint32_t largest_magnitude(const SourceRows& rows) {
    const hn::ScalableTag<std::uint32_t> d;
    const auto step = static_cast<std::int64_t>(hn::Lanes(d));
    const auto magnitude = hn::Set(d, 0x7FFF'FFFF);
    auto largest = hn::Zero(d);
    std::uint32_t largest_of_rest = 0;
    for (std::int64_t row = 0; row < rows.count; ++row) {
        const float* values = rows.data + row * rows.stride;
        std::int64_t i = 0;
        for (; i + step <= rows.dim; i += step) {
            largest = hn::Max(
                largest, hn::And(hn::BitCast(d, hn::LoadU(hn::RebindToFloat<decltype(d)>(), values + i)), magnitude));
        }
        for (; i < rows.dim; ++i) {
            std::uint32_t one = 0;
            std::memcpy(&one, values + i, sizeof one);
            largest_of_rest = std::max(largest_of_rest, one & 0x7FFF'FFFF);
        }
    }
    return std::max(hn::GetLane(hn::MaxOfLanes(d, largest)), largest_of_rest);
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace longscope::cpu {

SourceRows source_rows(const HeadView& view, std::int64_t head, Range rows, std::vector<float>& scratch) {
    if (view.dtype == DType::float32 && view.is_strided(rows.begin, rows.end - 1)) {
        return {static_cast<const float*>(view.row(head, rows.begin)), rows.size(), view.dim, view.token_stride};
    }
    scratch.resize(static_cast<std::size_t>(rows.size() * view.dim));
    for (std::int64_t i = 0; i < rows.size(); ++i) {
        load_row(view, head, rows.begin + i, scratch.data() + i * view.dim);
    }
    return {scratch.data(), rows.size(), view.dim, view.dim};
}

namespace {

// Magnitudes are compared as integers. An exponent of ones is an infinity or a NaN: the largest of all magnitudes
// tells, also of a NaN.
constexpr std::uint32_t infinity = 0x7F80'0000;

HWY_EXPORT(largest_magnitude);

}  // namespace

bool all_finite(const SourceRows& rows) {
    return HWY_DYNAMIC_DISPATCH(largest_magnitude)(rows) < infinity;
}

bool are_exact(const SourceRows& rows, const TileGeometry& geometry) {
    const std::uint32_t largest = HWY_DYNAMIC_DISPATCH(largest_magnitude)(rows);
    std::uint32_t smallest = 0;
    std::memcpy(&smallest, &geometry.smallest_operand, sizeof smallest);
    return largest < infinity && (largest == 0 || largest >= smallest);
}

}  // namespace longscope::cpu
#endif  // HWY_ONCE
