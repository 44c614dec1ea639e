// SPDX-License-Identifier: GPL-3.0-or-later
// Hyperbolic tangent and logistic function of each lane, from the exponential, with their derivatives. Included by
// files that Highway compiles once for every instruction set, after its own headers; hence no #pragma once but
// Highway's toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_SQUASH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_SQUASH_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_SQUASH_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_SQUASH_INL_H
#endif

#include <hwy/highway.h>

#include <numbers>

#include "engine/kernel/cpu/exp2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

// A function of each lane and its derivative there.
template <class V>
struct Squashed {
    V value;
    V slope;
};

// With m = e^(-2|x|) - 1: tanh |x| = -m / (m + 2), and its derivative 4 (m + 1) / (m + 2)^2. m is computed as such, so
// that nothing cancels near 0: e^(-2|x|) = 2^(n + r) with n whole and |r| <= 1/2, and 2^r - 1 is r times a polynomial
// of degree 5 (relative error 2.2e-8). Relative errors with the rounding of the evaluation: 3e-7 of tanh; 1.2e-6 of
// the derivative up to |x| = 10, from where it is below 1e-8 (tests/engine/kernel/squash_test.cpp).
template <class D>
HWY_INLINE HWY_ATTR Squashed<hwy::HWY_NAMESPACE::Vec<D>> tanh(D d, hwy::HWY_NAMESPACE::Vec<D> x) {
    namespace hn = hwy::HWY_NAMESPACE;
    constexpr auto minus_two_log2_e = static_cast<float>(-2.0 * std::numbers::log2e);
    // 2^-126 is the smallest normal number, and 1 - 2^-126 is 1.
    const auto y = hn::Max(hn::Mul(hn::Abs(x), hn::Set(d, minus_two_log2_e)), hn::Set(d, -126.0F));
    const auto n = hn::Round(y);
    const auto r = hn::Sub(y, n);
    auto p = hn::Set(d, 1.5453162941980736e-4F);
    p = hn::MulAdd(p, r, hn::Set(d, 1.3390863364174759e-3F));
    p = hn::MulAdd(p, r, hn::Set(d, 9.61808255728395e-3F));
    p = hn::MulAdd(p, r, hn::Set(d, 5.5503571142201544e-2F));
    p = hn::MulAdd(p, r, hn::Set(d, 2.4022650760568132e-1F));
    p = hn::MulAdd(p, r, hn::Set(d, 6.931471880262287e-1F));
    const auto less_one = hn::Mul(p, r);
    const hn::RebindToSigned<D> di;
    const auto power = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127))));
    const auto one = hn::Set(d, 1.0F);
    const auto m = hn::MulAdd(power, less_one, hn::Sub(power, one));
    const auto m_plus_two = hn::Add(m, hn::Set(d, 2.0F));
    const auto value = hn::Div(hn::Neg(m), m_plus_two);
    const auto four_e = hn::Mul(hn::Set(d, 4.0F), hn::MulAdd(power, less_one, power));
    return {hn::CopySignToAbs(value, x), hn::Div(four_e, hn::Mul(m_plus_two, m_plus_two))};
}

// With e = e^-|x|: 1 / (1 + e) or, below 0, e / (1 + e), and the derivative e / (1 + e)^2: small weights are as
// accurate as large ones, 0 at -inf and 1 at +inf; NaN stays NaN. Relative errors in proportion to x, which is rounded
// to float32 as a power of two: 4e-7 + 1e-7 |x| (tests/engine/kernel/squash_test.cpp).
template <class D>
HWY_INLINE HWY_ATTR Squashed<hwy::HWY_NAMESPACE::Vec<D>> logistic(D d, hwy::HWY_NAMESPACE::Vec<D> x) {
    namespace hn = hwy::HWY_NAMESPACE;
    constexpr auto minus_log2_e = static_cast<float>(-std::numbers::log2e);
    const auto e = exp2(d, hn::Mul(hn::Abs(x), hn::Set(d, minus_log2_e)));
    const auto one = hn::Set(d, 1.0F);
    const auto below = hn::Add(one, e);
    const auto value = hn::Div(hn::IfThenElse(hn::Ge(x, hn::Zero(d)), one, e), below);
    const auto slope = hn::Div(e, hn::Mul(below, below));
    const auto nan = hn::IsNaN(x);
    return {hn::IfThenElse(nan, x, value), hn::IfThenElse(nan, x, slope)};
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
