// SPDX-License-Identifier: GPL-3.0-or-later
// Scores that are more than scaled products, in vectors.
//
// Defined from outside: SCORED, whether they are, and then SOFT_CAP, ALIBI, BIAS, SIGMOID.
#if SCORED
// Of one row and 16 columns, or one column and 16 rows: `position` is that of the one, `positions` are those of the 16.
// Pairs whose bias is -inf are added to `hidden`.
inline WHOLE_VECTORS vec score(vec product, const struct scoring* how, float slope, int position,
                               global const int* positions, vec bias, int16* hidden) {
    vec s = product * how->scale;
#if SOFT_CAP
    s = how->soft_cap * tanh(s / how->soft_cap);
#endif
#if ALIBI
    s -= slope * convert_float16(abs_diff((int16)(position), vload16(0, positions)));
#endif
#if BIAS
    s += bias;
    *hidden |= bias == -INFINITY;
#endif
    return s;
}
#endif

#if SCORED
#define VECTOR_EXPONENT(score, base) EXPONENT(score, base)
#else
#define VECTOR_EXPONENT(score, base) fma(score, (vec)(how.scale), (vec)(-(base)))
#endif
