// SPDX-License-Identifier: GPL-3.0-or-later
// Forward attention for GPUs: a work-group of 8 x 16 work-items computes a tile of 48 query rows of one head over tiles of
// 64 keys, both factors of each product staged in local memory, with a running maximum (FlashAttention-2, algorithm 1).
// A work-item has 6 rows, 4 keys of a tile and every 16th element of the output.
//
// Arguments, plans and the order of keys and values in memory are those of wide_forward.cl, whose geometry it shares: groups
// of 12 rows, panels of 32 columns.
#define GROUPS (Q_TILE / ROW_GROUP)
#define ROW_WORDS (K_TILE / 32)
#define OWN_ROWS (Q_TILE / DOWN)
#define OWN_KEYS (K_TILE / ACROSS)
#define OWN_ELEMENTS ((DIM_V + ACROSS - 1) / ACROSS)

__attribute__((reqd_work_group_size(DOWN * ACROSS, 1, 1))) kernel void attend_tiled(
    global const element* restrict queries, const ulong query_head_stride, const ulong query_stride, const float sign,
    global const float* restrict keys, global const float* restrict values, global const int* restrict not_finite,
    const int key_tiles, const int group, const int heads, global const int4* restrict row_tiles, global const int4* restrict runs,
    global const uint* restrict seen, global const int2* restrict tasks, const int first_task, const int end_task,
    global int* restrict queue, const int rows, global float* restrict output, global float* restrict lse,
    global float* restrict part_sums, const int parts, const struct scoring how
#if ALIBI
    , global const float* restrict slopes, global const int* restrict row_positions,
    global const int* restrict column_positions
#endif
#if BIAS
    , global const float* restrict biases, const ulong bias_head_stride, const ulong bias_stride, const int first_bias_row
#endif
) {
    local float left[DEPTH * Q_TILE];
    local float right[DEPTH * K_TILE];
    local float right_values[DEPTH * DIM_V_PADDED];
    local float weights[Q_TILE * K_TILE];
#if !SUB_GROUPS
    local float of_rows[Q_TILE * ACROSS];
#endif

    const int item = get_local_id(0);
    const int across = item % ACROSS;
    const int first_row = item / ACROSS * OWN_ROWS;
    const int task = first_task + (int)get_group_id(0);
    const int head = tasks[task].x % heads;
    const int4 tile = row_tiles[tasks[task].y];

    float out[OWN_ROWS][OWN_ELEMENTS];
    float sums[OWN_ROWS];  // of the keys of this work-item
    float maxima[OWN_ROWS];
    for (int r = 0; r < OWN_ROWS; ++r) {
        maxima[r] = -INFINITY;
        sums[r] = 0.0f;
        for (int d = 0; d < OWN_ELEMENTS; ++d) {
            out[r][d] = 0.0f;
        }
    }

    for (int run = tile.z; run < tile.z + tile.w; ++run) {
        const int4 of_run = runs[run];
        for (int key_tile = of_run.x; key_tile < of_run.y; ++key_tile) {
            const size_t slot = (size_t)(head / group) * key_tiles + key_tile;
            global const float* k = keys + slot * (K_TILE * DIM_QK_PADDED);
            global const float* v = values + slot * (K_TILE * DIM_V_PADDED);
            const bool careful = not_finite[slot] != 0;

            float s[OWN_ROWS][OWN_KEYS];
            CLEAR_BLOCK(s, OWN_ROWS, OWN_KEYS)
            for (int depth = 0; depth < DIM_QK_PADDED; depth += DEPTH) {
                barrier(CLK_LOCAL_MEM_FENCE);
                for (int i = item; i < DEPTH * Q_TILE; i += DOWN * ACROSS) {
                    const int d = depth + i / Q_TILE;
                    const int row = i % Q_TILE;
                    left[i] = row < tile.y && d < DIM_QK
                                  ? sign * load_element(queries + (size_t)head * query_head_stride +
                                                            (size_t)(tile.x + row) * query_stride, d)
                                  : 0.0f;
                }
                for (int i = item; i < DEPTH * K_TILE; i += DOWN * ACROSS) {
                    const int column = i % K_TILE;
                    right[i] = k[(column / PANEL) * (DIM_QK_PADDED * PANEL) + (depth + i / K_TILE) * PANEL + column % PANEL];
                }
                barrier(CLK_LOCAL_MEM_FENCE);
                ADD_STAGED(s, OWN_ROWS, OWN_KEYS, left, Q_TILE, first_row, right, K_TILE)
            }

#if SUB_GROUPS
            float largest_of[OWN_ROWS];
#endif
            for (int r = 0; r < OWN_ROWS; ++r) {
                const int row = first_row + r;
                float largest = -INFINITY;
                for (int c = 0; c < OWN_KEYS; ++c) {
                    const int column = c * ACROSS + across;
                    bool hidden = of_run.z >= 0 && is_hidden_pair(seen + of_run.z, GROUPS, ROW_WORDS, row, column);
#if SCORED
                    const int known_row = tile.x + min(row, tile.y - 1);
                    const int known_column = key_tile * K_TILE + column;
                    s[r][c] = score_of_pair(s[r][c], how,
#if ALIBI
                                            slopes[head], row_positions[known_row], column_positions[known_column],
#else
                                            0.0f, 0, 0,
#endif
#if BIAS
                                            biases[(size_t)head * bias_head_stride +
                                                   (size_t)(known_row - first_bias_row) * bias_stride + known_column],
#else
                                            0.0f,
#endif
                                            &hidden);
#endif
                    s[r][c] = hidden ? -INFINITY : s[r][c];
                    largest = s[r][c] > largest ? s[r][c] : largest;
                }
#if SUB_GROUPS
                largest_of[r] = largest_across(largest);
            }
#else
                of_rows[row * ACROSS + across] = largest;
            }
            barrier(CLK_LOCAL_MEM_FENCE);
#endif
            float rescale[OWN_ROWS];
            for (int r = 0; r < OWN_ROWS; ++r) {
                const int row = first_row + r;
#if SIGMOID
                rescale[r] = 1.0f;
                for (int c = 0; c < OWN_KEYS; ++c) {
                    const float weight = SIGMOID_WEIGHT(s[r][c]);
                    weights[row * K_TILE + c * ACROSS + across] =
                        s[r][c] == -INFINITY ? (careful ? -1.0f : 0.0f) : weight;
                }
#else
                float now = maxima[r];
#if SUB_GROUPS
                now = largest_of[r] > now ? largest_of[r] : now;
#else
                for (int i = 0; i < ACROSS; ++i) {
                    now = of_rows[row * ACROSS + i] > now ? of_rows[row * ACROSS + i] : now;
                }
#endif
                const float base = now == -INFINITY ? 0.0f : BASE(now);
                rescale[r] = exp2(EXPONENT_OF_BASE(BASE(maxima[r]), base));
                float sum = sums[r] * rescale[r];
                for (int c = 0; c < OWN_KEYS; ++c) {
                    const float weight = exp2(EXPONENT(s[r][c], base));
                    sum += weight;
                    // Where values are not finite, a weight below 0 stands for a key that is not to be touched.
                    weights[row * K_TILE + c * ACROSS + across] = careful && s[r][c] == -INFINITY ? -1.0f : weight;
                }
                sums[r] = sum;
                maxima[r] = now;
#endif
            }

            // From 0, so that rounding grows with the keys of a tile and then with the tiles only.
            float add[OWN_ROWS][OWN_ELEMENTS];
            CLEAR_BLOCK(add, OWN_ROWS, OWN_ELEMENTS)
            for (int first = 0; first < K_TILE; first += DEPTH) {
                barrier(CLK_LOCAL_MEM_FENCE);
                for (int i = item; i < DEPTH * DIM_V_PADDED; i += DOWN * ACROSS) {
                    const int d = i % DIM_V_PADDED;
                    right_values[i] = v[(d / PANEL) * (K_TILE * PANEL) + (first + i / DIM_V_PADDED) * PANEL + d % PANEL];
                }
                barrier(CLK_LOCAL_MEM_FENCE);
                for (int key = 0; key < DEPTH; ++key) {
                    for (int r = 0; r < OWN_ROWS; ++r) {
                        const float weight = weights[(first_row + r) * K_TILE + first + key];
                        if (!careful || !(weight < 0.0f)) {
                            for (int d = 0; d < OWN_ELEMENTS; ++d) {
                                add[r][d] = fma(weight, right_values[key * DIM_V_PADDED + d * ACROSS + across], add[r][d]);
                            }
                        }
                    }
                }
            }
            for (int r = 0; r < OWN_ROWS; ++r) {
                for (int d = 0; d < OWN_ELEMENTS; ++d) {
                    out[r][d] = fma(out[r][d], rescale[r], add[r][d]);
                }
            }
        }
    }

#if SUB_GROUPS
    for (int r = 0; r < OWN_ROWS; ++r) {
        sums[r] = sum_across(sums[r]);
    }
#else
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int r = 0; r < OWN_ROWS; ++r) {
        of_rows[(first_row + r) * ACROSS + across] = sums[r];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
#endif
    for (int r = 0; r < OWN_ROWS; ++r) {
        const int row = first_row + r;
        if (row >= tile.y) {
            continue;
        }
        const size_t at = (size_t)tasks[task].x * rows + tile.x + row;
#if SIGMOID
        const float inverse = 1.0f;
        const float of_row = -INFINITY;
        const float sum = 0.0f;
#else
#if SUB_GROUPS
        const float sum = sums[r];
#else
        float sum = 0.0f;
        for (int i = 0; i < ACROSS; ++i) {
            sum += of_rows[row * ACROSS + i];
        }
#endif
        const float inverse = sum == 0.0f ? 0.0f : 1.0f / sum;
        const float whole = sum == 0.0f ? -INFINITY : BASE(maxima[r]) * (SCORED ? 1.0f : LN_2) + log(sum);
        const float of_row = parts > 1 ? BASE(maxima[r]) : whole;
#endif
        if (across == 0) {
            lse[at] = of_row;
            if (parts > 1) {
                part_sums[at] = sum;
            }
        }
        for (int d = 0; d < OWN_ELEMENTS; ++d) {
            if (d * ACROSS + across < DIM_V) {
                output[at * DIM_V + d * ACROSS + across] = out[r][d] * inverse;
            }
        }
    }
}
