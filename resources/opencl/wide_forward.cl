// SPDX-License-Identifier: GPL-3.0-or-later
// Forward attention for processors with wide vectors: one work-item computes a tile of query rows of one head, group by
// group of 12 rows, over the tiles of keys that its plan names, with a running maximum (FlashAttention-2, algorithm 1).
//
// Work-items take tasks from a queue until it is empty, so that long and short tasks even out; what is computed does
// not depend on who computes it.
//
// Defined from outside beside what lanes.cl reads: DIM_QK and DIM_V, the head dimensions; DIM_QK_PADDED, DIM_QK filled
// up to whole steps of a product; DIM_V_PADDED, DIM_V filled up to whole panels; Q_TILE and K_TILE, the rows and columns
// of a tile; SCORED, whether scores are more than scaled products, and then
// SOFT_CAP, ALIBI, BIAS, SIGMOID (engine/kernel/scoring.h).

// A task: head + part * heads, for each part of the keys an output of its own (merge_parts.cl), and then, in place of lse,
// the base and the sum of the weights; a tile of rows.
// A tile of rows: first row, rows, first run of tiles of keys, runs. A run: first tile of keys, end, where the columns
// that each row sees are told of (-1: every row sees all columns). There: first column, end and whether some row sees
// fewer, for each group; then the bits of each row.
#define GROUPS (Q_TILE / ROW_GROUP)
#define ROW_WORDS (K_TILE / 32)

#define K_VECTORS (K_TILE / LANES)
#define V_VECTORS (DIM_V_PADDED / LANES)

ONE_ITEM kernel void attend_wide(global const element* restrict queries, const ulong query_head_stride,
                                 const ulong query_stride, const float sign, global const float* restrict keys,
                                 global const float* restrict values, global const int* restrict not_finite,
                                 const int key_tiles, const int group, const int heads, global const int4* restrict row_tiles,
                                 global const int4* restrict runs, global const uint* restrict seen,
                                 global const int2* restrict tasks, const int first_task, const int end_task,
                                 global int* restrict queue, const int rows, global float* restrict output,
                                 global float* restrict lse, global float* restrict part_sums, const int parts,
                                 const struct scoring how
#if ALIBI
                                 , global const float* restrict slopes, global const int* restrict row_positions,
                                 global const int* restrict column_positions
#endif
#if BIAS
                                 , global const float* restrict biases, const ulong bias_head_stride,
                                 const ulong bias_stride, const int first_bias_row
#endif
) {
    __attribute__((aligned(64))) float q[Q_TILE * DIM_QK_PADDED];
    __attribute__((aligned(64))) float s[ROW_GROUP * K_TILE];
    vec out[Q_TILE * V_VECTORS];
    vec sums[Q_TILE];
    float maxima[Q_TILE];
    float rescale[ROW_GROUP];
    const int16 lane_bits = (int16)(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);

    for (int task = first_task + atomic_inc(queue); task < end_task; task = first_task + atomic_inc(queue)) {
        const int head = tasks[task].x % heads;
        const int4 tile = row_tiles[tasks[task].y];
        const int groups = (tile.y + ROW_GROUP - 1) / ROW_GROUP;
        for (int row = 0; row < groups * ROW_GROUP; ++row) {
            global const element* from =
                queries + (size_t)head * query_head_stride + (size_t)(tile.x + row) * query_stride;
            float* to = q + (row / ROW_GROUP) * (DIM_QK_PADDED * ROW_GROUP) + row % ROW_GROUP;
            for (int d = 0; d < DIM_QK_PADDED; ++d) {
                to[d * ROW_GROUP] = row < tile.y && d < DIM_QK ? load_element(from, d) * sign : 0.0f;
            }
            maxima[row] = -INFINITY;
            sums[row] = 0.0f;
        }
        for (int i = 0; i < groups * ROW_GROUP * V_VECTORS; ++i) {
            out[i] = 0.0f;
        }

        for (int run = tile.z; run < tile.z + tile.w; ++run) {
            for (int key_tile = runs[run].x; key_tile < runs[run].y; ++key_tile) {
                const size_t slot = (size_t)(head / group) * key_tiles + key_tile;
                global const vec* k = (global const vec*)(keys + slot * (K_TILE * DIM_QK_PADDED));
                global const vec* v = (global const vec*)(values + slot * (K_TILE * DIM_V_PADDED));
                const bool careful = not_finite[slot];
                for (int g = 0; g < groups; ++g) {
                    int begin = 0;
                    int end = K_TILE;
                    bool masked = careful;
                    global const uint* bits = seen;
                    if (runs[run].z >= 0) {
                        global const uint* columns = seen + runs[run].z;
                        begin = columns[3 * g];
                        end = columns[3 * g + 1];
                        masked |= columns[3 * g + 2] != 0;
                        bits = columns + 3 * GROUPS + g * ROW_GROUP * ROW_WORDS;
                    }
                    if (begin >= end) {
                        continue;
                    }
                    for (int column = begin; column < end; column += PANEL) {
                        vec acc[ROW_GROUP][2];
                        CLEAR(acc)
                        const float* a = q + g * (DIM_QK_PADDED * ROW_GROUP);
                        global const vec* panel = k + (column / PANEL) * (DIM_QK_PADDED * 2);
                        ADD_PRODUCT(acc, a, 1, ROW_GROUP, panel, DIM_QK_PADDED)
                        vec* to = (vec*)(s + column);
                        _Pragma("unroll") for (int r = 0; r < ROW_GROUP; ++r) {
                            to[r * K_VECTORS] = acc[r][0];
                            to[r * K_VECTORS + 1] = acc[r][1];
                        }
                    }
                    for (int r = 0; r < ROW_GROUP; ++r) {
                        vec* row = (vec*)(s + r * K_TILE);
                        const int at = g * ROW_GROUP + r;
#if SCORED
                        const int known_row = tile.x + min(at, tile.y - 1);
#endif
                        if (masked || SCORED) {
                            for (int i = begin / LANES; i < end / LANES; ++i) {
                                int16 hidden = 0;
                                if (masked && runs[run].z >= 0) {
                                    const uint word = bits[r * ROW_WORDS + i / 2] >> (i % 2 * LANES);
                                    hidden = ((int16)((int)word) & lane_bits) == 0;
                                }
#if SCORED
                                row[i] = score(row[i], &how,
#if ALIBI
                                               slopes[head], row_positions[known_row],
                                               column_positions + key_tile * K_TILE + i * LANES,
#else
                                               0.0f, 0, 0,
#endif
#if BIAS
                                               vload16(0, biases + (size_t)head * bias_head_stride +
                                                              (size_t)(known_row - first_bias_row) * bias_stride +
                                                              key_tile * K_TILE + i * LANES),
#else
                                               (vec)(0.0f),
#endif
                                               &hidden);
#endif
                                row[i] = select(row[i], (vec)(-INFINITY), hidden);
                            }
                        }
#if SIGMOID
                        rescale[r] = 1.0f;
                        for (int i = begin / LANES; i < end / LANES; ++i) {
                            vec x = -(row[i] + how.sigmoid_bias) * LOG2_E;
                            x = x > 126.0f ? (vec)(126.0f) : x;
                            const vec weight = 1.0f / (1.0f + power_of_two(x));
                            row[i] = row[i] == -INFINITY ? (vec)(careful ? -1.0f : 0.0f) : weight;
                        }
#else
                        vec lanes = row[begin / LANES];
                        for (int i = begin / LANES + 1; i < end / LANES; ++i) {
                            lanes = LARGER(lanes, row[i]);
                        }
                        const float before = maxima[at];
                        const float here = largest_lane(lanes);
                        const float now = LARGER(before, here);
                        // A row that has seen nothing has weights of 2^-inf.
                        const float base = now == -INFINITY ? 0.0f : BASE(now);
                        rescale[r] = power_of_two((vec)(EXPONENT_OF_BASE(BASE(before), base))).s0;
                        vec sum = sums[at] * rescale[r];
                        for (int i = begin / LANES; i < end / LANES; ++i) {
                            const vec weight = power_of_two(VECTOR_EXPONENT(row[i], base));
                            sum += weight;
                            // Where values are not finite, a weight below 0 stands for a key that is not to be touched.
                            row[i] = careful ? (row[i] == -INFINITY ? (vec)(-1.0f) : weight) : weight;
                        }
                        sums[at] = sum;
                        maxima[at] = now;
#endif
                    }
                    for (int panel = 0; panel < DIM_V_PADDED / PANEL; ++panel) {
                        // From 0, so that rounding grows with the columns of a tile and then with the tiles only.
                        vec acc[ROW_GROUP][2];
                        CLEAR(acc)
                        global const vec* from = v + panel * (K_TILE * 2) + begin * 2;
                        const float* a = s + begin;
                        if (careful) {
                            for (int r = 0; r < ROW_GROUP; ++r) {
                                for (int i = 0; i < end - begin; ++i) {
                                    if (!(a[r * K_TILE + i] < 0.0f)) {
                                        acc[r][0] += a[r * K_TILE + i] * from[2 * i];
                                        acc[r][1] += a[r * K_TILE + i] * from[2 * i + 1];
                                    }
                                }
                            }
                        } else {
                            ADD_PRODUCT(acc, a, K_TILE, 1, from, end - begin)
                        }
                        vec* to = out + g * ROW_GROUP * V_VECTORS + panel * 2;
                        _Pragma("unroll") for (int r = 0; r < ROW_GROUP; ++r) {
                            to[r * V_VECTORS] = fma(to[r * V_VECTORS], (vec)(rescale[r]), acc[r][0]);
                            to[r * V_VECTORS + 1] = fma(to[r * V_VECTORS + 1], (vec)(rescale[r]), acc[r][1]);
                        }
                    }
                }
            }
        }

        for (int row = 0; row < tile.y; ++row) {
            const size_t at = (size_t)tasks[task].x * rows + tile.x + row;
            const float* from = (const float*)(out + row * V_VECTORS);
#if SIGMOID
            const float inverse = 1.0f;
            lse[at] = -INFINITY;
#else
            const float sum = sum_of_lanes(sums[row]);
            const float inverse = sum == 0.0f ? 0.0f : 1.0f / sum;
            if (parts > 1) {
                lse[at] = BASE(maxima[row]);
                part_sums[at] = sum;
            } else {
                lse[at] = sum == 0.0f ? -INFINITY : BASE(maxima[row]) * (SCORED ? 1.0f : LN_2) + log(sum);
            }
#endif
            for (int d = 0; d < DIM_V; ++d) {
                output[at * DIM_V + d] = from[d] * inverse;
            }
        }
    }
}
