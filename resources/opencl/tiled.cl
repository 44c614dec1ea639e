// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernels for GPUs share: a work-group of 8 x 16 work-items that computes a block of rows and columns, each
// work-item several rows and every 16th column, both factors of a product staged in local memory.
#define ACROSS 16
#define DOWN 8
#define DEPTH 4  // of what a product sums over, so many are staged at once: steps of a product are filled up to these

#if SUB_GROUPS
#pragma OPENCL EXTENSION cl_khr_subgroups : enable
#pragma OPENCL EXTENSION cl_khr_subgroup_shuffle : enable

// Of the work-items of a row, which stand side by side in a sub-group (sub_groups.cl).
inline float largest_across(float x) {
    for (uint step = 1; step < ACROSS; step *= 2) {
        const float other = sub_group_shuffle_xor(x, step);
        x = other > x ? other : x;
    }
    return x;
}

inline float sum_across(float x) {
    for (uint step = 1; step < ACROSS; step *= 2) {
        x += sub_group_shuffle_xor(x, step);
    }
    return x;
}
#endif

// acc[r][c] += left[row r] . right[column c] over DEPTH staged elements: element d of row i at d * left_width + i.
#define ADD_STAGED(acc, rows, columns, left, left_width, first, right, right_width)                                      \
    for (int d_ = 0; d_ < DEPTH; ++d_) {                                                                                 \
        for (int r_ = 0; r_ < (rows); ++r_) {                                                                            \
            for (int c_ = 0; c_ < (columns); ++c_) {                                                                     \
                acc[r_][c_] = fma((left)[d_ * (left_width) + (first) + r_],                                              \
                                  (right)[d_ * (right_width) + c_ * ACROSS + across], acc[r_][c_]);                      \
            }                                                                                                            \
        }                                                                                                                \
    }

#define CLEAR_BLOCK(acc, rows, columns)               \
    for (int r_ = 0; r_ < (rows); ++r_) {             \
        for (int c_ = 0; c_ < (columns); ++c_) {      \
            acc[r_][c_] = 0.0f;                       \
        }                                             \
    }

// Whether a pair of a partial tile is hidden: `told` is where the plan tells of the tile (wide_forward.cl). Bits are told
// of only where some row of the group does not see all columns of its range.
inline bool is_hidden_pair(global const uint* told, int groups, int row_words, int row, int column) {
    global const uint* of_group = told + 3 * (row / ROW_GROUP);
    const uint word = told[3 * groups + row * row_words + column / 32];
    return column < (int)of_group[0] || column >= (int)of_group[1] ||
           (of_group[2] != 0u && ((word >> (column % 32)) & 1u) == 0u);
}

#if SCORED
// The score of a product, as in wide_scores.cl. A bias of -inf hides the pair.
inline float score_of_pair(float product, const struct scoring how, float slope, int row_position, int column_position,
                           float bias, bool* hidden) {
    float s = product * how.scale;
#if SOFT_CAP
    s = how.soft_cap * tanh(s / how.soft_cap);
#endif
#if ALIBI
    s -= slope * (float)abs_diff(row_position, column_position);
#endif
#if BIAS
    s += bias;
    *hidden |= bias == -INFINITY;
#endif
    return s;
}
#endif

#if SIGMOID
#define SIGMOID_WEIGHT(score) (1.0f / (1.0f + exp2(-((score) + how.sigmoid_bias) * LOG2_E)))
#endif
