// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled once for every instruction set: this file includes itself through foreach_target.h.
#include "engine/kernel/row_products.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernel/row_products.cpp"
#include <hwy/foreach_target.h>  // NOLINT(misc-header-include-cycle)
#include <hwy/highway.h>

#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace longscope {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;

HWY_ATTR float row_product(const float* a, const float* b, std::int64_t dim) {
    const FloatTag d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    auto even = hn::Zero(d);
    auto odd = hn::Zero(d);
    std::int64_t i = 0;
    for (; i + 2 * lanes <= dim; i += 2 * lanes) {
        even = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), even);
        odd = hn::MulAdd(hn::LoadU(d, a + i + lanes), hn::LoadU(d, b + i + lanes), odd);
    }
    for (; i + lanes <= dim; i += lanes) {
        even = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), even);
    }
    float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
    for (; i < dim; ++i) {
        sum += a[i] * b[i];
    }
    return sum;
}

HWY_ATTR void add_scaled(float factor, const float* row, std::int64_t dim, float* sum) {
    const FloatTag d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const auto factors = hn::Set(d, factor);
    std::int64_t i = 0;
    for (; i + lanes <= dim; i += lanes) {
        hn::StoreU(hn::MulAdd(factors, hn::LoadU(d, row + i), hn::LoadU(d, sum + i)), d, sum + i);
    }
    for (; i < dim; ++i) {
        sum[i] += factor * row[i];
    }
}

HWY_ATTR void each_product(const float* row, RowSpan<const float> rows, float scale, float* out) {
    for (std::int64_t i = 0; i < rows.count; ++i) {
        out[i] = scale * row_product(row, rows.row(i), rows.dim);
    }
}

HWY_ATTR void add_each_weighted(const float* weights, RowSpan<const float> rows, float* sum) {
    for (std::int64_t i = 0; i < rows.count; ++i) {
        add_scaled(weights[i], rows.row(i), rows.dim, sum);
    }
}

HWY_ATTR void add_to_each(const float* weights, const float* row, RowSpan<float> rows) {
    for (std::int64_t i = 0; i < rows.count; ++i) {
        add_scaled(weights[i], row, rows.dim, rows.row(i));
    }
}

// Highway's is 0 of NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE HWY_ATTR V exp_or_nan(D d, V x) {
    return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(d, x));
}

HWY_ATTR void each_weight(const float* scores, std::int64_t count, float lse, float* out) {
    const FloatTag d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const auto largest = hn::Set(d, lse);
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        hn::StoreU(exp_or_nan(d, hn::Sub(hn::LoadU(d, scores + i), largest)), d, out + i);
    }
    // The same function for the rest, so that where a stretch ends changes no bit.
    if (i < count) {
        HWY_ALIGN float rest[HWY_MAX_BYTES / sizeof(float)] = {};
        for (std::int64_t j = i; j < count; ++j) {
            rest[j - i] = scores[j];
        }
        hn::Store(exp_or_nan(d, hn::Sub(hn::Load(d, rest), largest)), d, rest);
        for (std::int64_t j = i; j < count; ++j) {
            out[j] = rest[j - i];
        }
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace longscope {

namespace {

HWY_EXPORT(each_product);
HWY_EXPORT(add_each_weighted);
HWY_EXPORT(add_to_each);
HWY_EXPORT(each_weight);

}  // namespace

void products_with_rows(const float* row, RowSpan<const float> rows, float scale, float* out) {
    HWY_DYNAMIC_DISPATCH(each_product)(row, rows, scale, out);
}

void add_weighted_rows(const float* weights, RowSpan<const float> rows, float* sum) {
    HWY_DYNAMIC_DISPATCH(add_each_weighted)(weights, rows, sum);
}

void add_to_rows(const float* weights, const float* row, RowSpan<float> rows) {
    HWY_DYNAMIC_DISPATCH(add_to_each)(weights, row, rows);
}

void weights_of_scores(const float* scores, std::int64_t count, float lse, float* out) {
    HWY_DYNAMIC_DISPATCH(each_weight)(scores, count, lse, out);
}

}  // namespace longscope
#endif  // HWY_ONCE
