// SPDX-License-Identifier: GPL-3.0-or-later
// What both backward kernels are given: of their own rows and of the other side, as the host sets it (backward_pass.cpp).
//
// Defined from outside: OF_KEYS, whether own rows are keys; DIM_QK, DIM_V; DIM_QK_STEPS and DIM_V_STEPS, the dimensions filled
// up to whole steps of a product, DIM_QK_PADDED and DIM_V_PADDED, to whole panels; TILE, rows of a tile of either side;
// ALIBI, BIAS; BIAS_GRADIENTS, whether dS is wanted itself.
#define GROUPS (TILE / ROW_GROUP)
#define ROW_WORDS (TILE / 32)

// Row `row` of a tile of rows (pack_rows), element d.
#define ELEMENT(tile, row, d) ((tile)[((d) / PANEL) * (TILE * PANEL) + (row) * PANEL + (d) % PANEL])

#if ALIBI
#define ALIBI_ARGUMENTS \
    , global const float* restrict slopes, global const int* restrict own_positions, \
        global const int* restrict other_positions
#else
#define ALIBI_ARGUMENTS
#endif
#if BIAS
#define BIAS_ARGUMENTS , global const float* restrict biases, const ulong bias_head_stride, const ulong bias_stride
#else
#define BIAS_ARGUMENTS
#endif
#if BIAS_GRADIENTS
#define BIAS_GRADIENT_ARGUMENTS \
    , global float* restrict bias_gradients, const ulong bias_gradient_head_stride, const int columns
#else
#define BIAS_GRADIENT_ARGUMENTS
#endif

// Own rows and what belongs to them, as rows: queries and dO, or keys and values. The other side as panels, then as rows:
// keys and values, or queries and dO. `kinds`: of the mask of each query head; `ranges`: of each kind and own tile, the
// first run and the end; `runs`: the other tile, and where what is seen is told of (as in wide_forward.cl) or -1.
#define BACKWARD_ARGUMENTS                                                                                              \
    global const float *restrict own, global const float *restrict own_values, const int own_tiles,                     \
        global const float *restrict other_panels, global const float *restrict other_value_panels,                     \
        global const float *restrict other, global const float *restrict other_values,                                  \
        global const int *restrict not_finite, global const int *restrict values_not_finite, const int other_tiles,     \
        const int group, global const float *restrict lse, global const float *restrict delta,                          \
        global const int *restrict kinds, global const int2 *restrict ranges, global const int2 *restrict runs,         \
        global const uint *restrict seen, global const int2 *restrict tasks, const int first_task, const int end_task,  \
        global int *restrict queue, const int first_own, const int own_rows, const int all_own_rows, const float scale, \
        global float *restrict gradients, global float *restrict value_gradients,                                       \
        const struct scoring how ALIBI_ARGUMENTS BIAS_ARGUMENTS BIAS_GRADIENT_ARGUMENTS
