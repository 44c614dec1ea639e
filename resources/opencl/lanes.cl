// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors of 16 floats, for processors with wide vectors, and what all kernels for them share.
//
// A register tile is ROW_GROUP x PANEL: with two vectors each, 12 rows leave room for the operands.
#define LANES 16

typedef float16 vec;

// Where the compiler would split vectors in two to save clock frequency, it is told not to.
#ifdef __has_attribute
#if __has_attribute(min_vector_width)
#define WHOLE_VECTORS __attribute__((min_vector_width(512)))
#endif
#endif
#ifndef WHOLE_VECTORS
#define WHOLE_VECTORS
#endif
#define ONE_ITEM __attribute__((reqd_work_group_size(1, 1, 1))) WHOLE_VECTORS

// 2^x for x from -inf to 126, smaller results than 2^-125 as 0; NaN stays. x = n + r with n the nearest whole number,
// found by adding a number so large that nothing but whole numbers remains; 2^r by a polynomial of degree 6 whose
// largest relative error for |r| <= 1/2 is 2e-9, with the rounding of its evaluation 1.2e-7.
inline WHOLE_VECTORS vec power_of_two(vec x) {
    const vec shifted = x + 12582912.0f;
    const vec r = x - (shifted - 12582912.0f);
    vec p = (vec)(1.5345812158740182e-4f);
    p = fma(p, r, (vec)(1.339993120947414e-3f));
    p = fma(p, r, (vec)(9.6184889565227916e-3f));
    p = fma(p, r, (vec)(5.5503287769976638e-2f));
    p = fma(p, r, (vec)(2.4022646890639572e-1f));
    p = fma(p, r, (vec)(6.9314720573725268e-1f));
    p = fma(p, r, (vec)(1.0f));
    const vec y = as_float16(as_int16(p) + (as_int16(shifted) << 23));
    return x < -125.0f ? (vec)(0.0f) : y;
}

// The larger one; NaN of `b` is passed over.
#define LARGER(a, b) ((b) > (a) ? (b) : (a))

inline WHOLE_VECTORS float largest_lane(vec x) {
    const float8 x8 = LARGER(x.lo, x.hi);
    const float4 x4 = LARGER(x8.lo, x8.hi);
    const float2 x2 = LARGER(x4.lo, x4.hi);
    return LARGER(x2.x, x2.y);
}

inline WHOLE_VECTORS float sum_of_lanes(vec x) {
    const float8 x8 = x.lo + x.hi;
    const float4 x4 = x8.lo + x8.hi;
    const float2 x2 = x4.lo + x4.hi;
    return x2.x + x2.y;
}

// acc[ROW_GROUP][2] += the product of `count` columns of a left factor (private, element (r, i) at r * a_row +
// i * a_step) and as many rows of a panel (global); a multiple of STEP.
#define STEP 4
#define ADD_PRODUCT(acc, a, a_row, a_step, panel, count)                                  \
    for (int i_ = 0; i_ < (count); i_ += STEP) {                                          \
        _Pragma("unroll") for (int j_ = 0; j_ < STEP; ++j_) {                             \
            const vec b0_ = (panel)[2 * (i_ + j_)];                                       \
            const vec b1_ = (panel)[2 * (i_ + j_) + 1];                                   \
            _Pragma("unroll") for (int r_ = 0; r_ < ROW_GROUP; ++r_) {                    \
                const vec a_ = (a)[r_ * (a_row) + (i_ + j_) * (a_step)];                  \
                acc[r_][0] = fma(a_, b0_, acc[r_][0]);                                    \
                acc[r_][1] = fma(a_, b1_, acc[r_][1]);                                    \
            }                                                                             \
        }                                                                                 \
    }

#define CLEAR(acc)                                              \
    _Pragma("unroll") for (int r_ = 0; r_ < ROW_GROUP; ++r_) {  \
        acc[r_][0] = 0.0f;                                      \
        acc[r_][1] = 0.0f;                                      \
    }
