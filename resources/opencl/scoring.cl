// SPDX-License-Identifier: GPL-3.0-or-later
// How products become scores (engine/kernel/scoring.h), and scores become logarithms of weights.
//
// Defined from outside: SCORED, whether scores are more than scaled products.
struct scoring {
    float scale;         // of a product; without SCORED the base-2 logarithm of a weight is scale * product
    float soft_cap;
    float sigmoid_bias;
};

// The base-2 logarithm of the weight of a score relative to a base. Scores that are more than scaled products may be as
// large as numbers go: their difference is taken first. Bases are kept as they were rounded: weights are relative to these.
#if SCORED
#define BASE(maximum) (maximum)
#define EXPONENT(score, base) (((score) - (base)) * LOG2_E)
#define EXPONENT_OF_BASE(before, base) (((before) - (base)) * LOG2_E)
#else
#define BASE(maximum) ((maximum) * how.scale)
#define EXPONENT(score, base) fma(score, how.scale, -(base))
#define EXPONENT_OF_BASE(before, base) ((before) - (base))
#endif
