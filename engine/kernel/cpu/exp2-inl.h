// SPDX-License-Identifier: GPL-3.0-or-later
// Two to the power of each lane. Included by files that Highway compiles once for every instruction set, after its own
// headers; hence no #pragma once but Highway's toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_EXP2_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_EXP2_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_EXP2_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_EXP2_INL_H
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

// For x from -inf to 127; of x below `Least`, 0. x = n + r with n whole and 0 <= r <= 1; 2^r by a polynomial of degree
// 5 that is 1 at 0, whose largest relative error over the interval is least: 8.3e-8, with the rounding of its
// evaluation 1.5e-7 (tests/engine/kernel/exp2_test.cpp). No subnormal number is made: some processors take a hundred
// cycles to.
template <int Least, class D>
HWY_INLINE HWY_ATTR hwy::HWY_NAMESPACE::Vec<D> exp2_from(D d, hwy::HWY_NAMESPACE::Vec<D> x) {
    namespace hn = hwy::HWY_NAMESPACE;
    static_assert(Least >= -126);
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
    // Two instructions that Highway 1.0.3 has no names for: x less its floor, 0 for -inf; and a product with
    // 2^floor(x).
    constexpr int less_floor = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
    const hn::Vec<D> r{_mm512_reduce_ps(x.raw, less_floor)};
#else
    // 2^-200 is 0 in float32, and -inf less -inf would not be a number.
    x = hn::Max(x, hn::Set(d, -200.0F));
    const auto n = hn::Floor(x);
    const auto r = hn::Sub(x, n);
#endif
    auto p = hn::Set(d, 1.8671300495043397e-3F);
    p = hn::MulAdd(p, r, hn::Set(d, 9.017030708491802e-3F));
    p = hn::MulAdd(p, r, hn::Set(d, 5.579991266131401e-2F));
    p = hn::MulAdd(p, r, hn::Set(d, 2.4016444385051727e-1F));
    p = hn::MulAdd(p, r, hn::Set(d, 6.931512951850891e-1F));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0F));
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
    // Lanes that are left out are not computed; those of NaN are not.
    const __mmask16 present = _mm512_cmp_ps_mask(x.raw, _mm512_set1_ps(static_cast<float>(Least)), _CMP_NLT_UQ);
    return hn::Vec<D>{_mm512_maskz_scalef_ps(present, p.raw, x.raw)};
#else
    const hn::RebindToSigned<D> di;
    const auto scaled = hn::BitCast(d, hn::Add(hn::BitCast(di, p), hn::ShiftLeft<23>(hn::ConvertTo(di, n))));
    return hn::IfThenElseZero(hn::Ge(x, hn::Set(d, static_cast<float>(Least))), scaled);
#endif
}

// Down to the smallest normal number.
template <class D>
HWY_INLINE HWY_ATTR hwy::HWY_NAMESPACE::Vec<D> exp2(D d, hwy::HWY_NAMESPACE::Vec<D> x) {
    return exp2_from<-126>(d, x);
}

// Of the weights of a softmax, whose largest is 2^-8 at least, or which are shares of their row: below 2^-100 they are
// nothing beside any rounding error, but their products with values and gradients would be subnormal.
template <class D>
HWY_INLINE HWY_ATTR hwy::HWY_NAMESPACE::Vec<D> exp2_of_weight(D d, hwy::HWY_NAMESPACE::Vec<D> x) {
    return exp2_from<-100>(d, x);
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
