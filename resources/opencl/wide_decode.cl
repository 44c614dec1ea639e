// SPDX-License-Identifier: GPL-3.0-or-later
// Forward attention of few query rows over many keys, for processors with wide vectors: keys and values are read where
// they lie, once for all rows and heads that share them. A task is a part of the keys of one key/value head; the parts
// are merged by merge_parts.cl.
//
// Defined from outside beside what lanes.cl and wide_scores.cl read: DIM_QK and DIM_V, the head dimensions; MOST_ROWS, the
// most rows of a task, a multiple of ROWS_AT_ONCE. INPUT is the type of keys and values; queries are float32, their rows
// filled up with zeros to whole vectors.
#define BLOCK 32  // keys that are computed at once: what a row sees of them is one word
#define ROWS_AT_ONCE 4
#define QK_VECTORS ((DIM_QK + LANES - 1) / LANES)
#define V_VECTORS ((DIM_V + LANES - 1) / LANES)
#define V_AT_ONCE (V_VECTORS % 4 == 0 ? 4 : V_VECTORS % 2 == 0 ? 2 : 1)
#define BLOCK_VECTORS (BLOCK / LANES)

// Elements d to d + 15 of a row of `dim`, zeros beyond.
inline WHOLE_VECTORS vec load_vector(global const element* row, int d, int dim) {
    if (d + LANES <= dim) {
#if INPUT == 0
        return vload16(0, row + d);
#elif INPUT == 1
        return as_float16(convert_uint16(vload16(0, row + d)) << 16);
#else
        return vload_half16(0, row + d);
#endif
    }
    float last[LANES];
    for (int i = 0; i < LANES; ++i) {
        last[i] = d + i < dim ? load_element(row, d + i) : 0.0f;
    }
    return vload16(0, last);
}

// Where the row of a token begins; page_tokens is 0 where there are no pages.
inline size_t row_of_token(int token, ulong stride, global const int* pages, int page_tokens, ulong page_stride) {
    return page_tokens == 0 ? token * stride
                            : pages[token / page_tokens] * page_stride + (token % page_tokens) * stride;
}

ONE_ITEM kernel void attend_decode(
    global const float* restrict queries, global const element* restrict keys, const ulong key_head_stride,
    const ulong key_stride, global const int* restrict key_pages, const ulong key_page_stride,
    global const element* restrict values, const ulong value_head_stride, const ulong value_stride,
    global const int* restrict value_pages, const ulong value_page_stride, const int page_tokens, const int columns,
    // Of each key/value head: so many rows, and filled up; what they see, as the number of a row of bits.
    const int rows, const int padded_rows, global const int* restrict seen_rows, global const uint* restrict seen,
    const int parts, const ulong all_rows, global const int2* restrict tasks, const int first_task, const int end_task,
    global int* restrict queue, global float* restrict output, global float* restrict bases,
    global float* restrict part_sums, const struct scoring how
#if ALIBI
    // Of the rows of each key/value head, filled up, and of the keys, filled up to whole blocks.
    , global const float* restrict slopes, global const int* restrict row_positions,
    global const int* restrict column_positions
#endif
#if BIAS
    // Of each row where its biases begin, filled up to whole blocks.
    , global const float* restrict biases, global const ulong* restrict bias_rows
#endif
) {
    vec out[MOST_ROWS * V_VECTORS];
    vec sums[MOST_ROWS];
    float maxima[MOST_ROWS];
    __attribute__((aligned(64))) float s[ROWS_AT_ONCE * BLOCK];
    size_t key_at[BLOCK];
    size_t value_at[BLOCK];
    const int16 lane_bits = (int16)(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
    const int blocks = (columns + BLOCK - 1) / BLOCK;

    for (int task = first_task + atomic_inc(queue); task < end_task; task = first_task + atomic_inc(queue)) {
        const int head = tasks[task].x;  // of keys and values
        const int part = tasks[task].y;
        global const vec* q = (global const vec*)queries + (size_t)head * padded_rows * QK_VECTORS;
        global const element* k = keys + head * key_head_stride;
        global const element* v = values + head * value_head_stride;
        global const int* bits_of = seen_rows + head * padded_rows;
        for (int row = 0; row < padded_rows; ++row) {
            maxima[row] = -INFINITY;
            sums[row] = 0.0f;
        }
        for (int i = 0; i < padded_rows * V_VECTORS; ++i) {
            out[i] = 0.0f;
        }
        const int end_block = (int)((long)blocks * (part + 1) / parts);
        for (int block = (int)((long)blocks * part / parts); block < end_block; ++block) {
            uint any = 0;
            for (int row = 0; row < rows; ++row) {
                any |= seen[(size_t)bits_of[row] * blocks + block];
            }
            if (any == 0) {
                continue;
            }
            const int present = min(BLOCK, columns - block * BLOCK);
            vec finite = 0.0f;
            for (int j = 0; j < present; ++j) {
                const int token = block * BLOCK + j;
                key_at[j] = row_of_token(token, key_stride, key_pages, page_tokens, key_page_stride);
                value_at[j] = row_of_token(token, value_stride, value_pages, page_tokens, value_page_stride);
                _Pragma("unroll") for (int i = 0; i < V_VECTORS; ++i) {
                    finite = fma(load_vector(v + value_at[j], i * LANES, DIM_V), (vec)(0.0f), finite);
                }
            }
            // Values of hidden pairs are not to be touched where one is not finite.
            const bool careful = !(sum_of_lanes(finite) == 0.0f);
            for (int first = 0; first < padded_rows; first += ROWS_AT_ONCE) {
                for (int j = 0; j < BLOCK; ++j) {
                    vec acc[ROWS_AT_ONCE];
                    _Pragma("unroll") for (int r = 0; r < ROWS_AT_ONCE; ++r) {
                        acc[r] = 0.0f;
                    }
                    if (j < present) {
                        _Pragma("unroll") for (int i = 0; i < QK_VECTORS; ++i) {
                            const vec own = load_vector(k + key_at[j], i * LANES, DIM_QK);
                            _Pragma("unroll") for (int r = 0; r < ROWS_AT_ONCE; ++r) {
                                acc[r] = fma(q[(first + r) * QK_VECTORS + i], own, acc[r]);
                            }
                        }
                    }
                    _Pragma("unroll") for (int r = 0; r < ROWS_AT_ONCE; ++r) {
                        s[r * BLOCK + j] = sum_of_lanes(acc[r]);
                    }
                }
                float rescale[ROWS_AT_ONCE];
                uint words[ROWS_AT_ONCE];
                for (int r = 0; r < ROWS_AT_ONCE; ++r) {
                    vec* row = (vec*)(s + r * BLOCK);
                    words[r] = seen[(size_t)bits_of[first + r] * blocks + block];
                    for (int i = 0; i < BLOCK_VECTORS; ++i) {
                        int16 hidden = ((int16)((int)(words[r] >> (i * LANES))) & lane_bits) == 0;
#if SCORED
                        const int column = block * BLOCK + i * LANES;
                        const int own_row = head * padded_rows + first + r;
                        row[i] = score(row[i], &how,
#if ALIBI
                                       slopes[own_row], row_positions[own_row], column_positions + column,
#else
                                       0.0f, 0, 0,
#endif
#if BIAS
                                       vload16(0, biases + bias_rows[own_row] + column),
#else
                                       (vec)(0.0f),
#endif
                                       &hidden);
#if BIAS
                        int hides[LANES];
                        vstore16(hidden, 0, hides);
                        for (int lane = 0; careful && lane < LANES; ++lane) {
                            words[r] &= hides[lane] != 0 ? ~(1u << (i * LANES + lane)) : ~0u;
                        }
#endif
#endif
                        row[i] = select(row[i], (vec)(-INFINITY), hidden);
                    }
#if SIGMOID
                    rescale[r] = 1.0f;
                    for (int i = 0; i < BLOCK_VECTORS; ++i) {
                        vec x = -(row[i] + how.sigmoid_bias) * LOG2_E;
                        x = x > 126.0f ? (vec)(126.0f) : x;
                        row[i] = row[i] == -INFINITY ? (vec)(0.0f) : 1.0f / (1.0f + power_of_two(x));
                    }
#else
                    const float before = maxima[first + r];
                    const float here = largest_lane(LARGER(row[0], row[1]));
                    const float now = LARGER(before, here);
                    const float base = now == -INFINITY ? 0.0f : BASE(now);
                    rescale[r] = power_of_two((vec)(EXPONENT_OF_BASE(BASE(before), base))).s0;
                    vec sum = sums[first + r] * rescale[r];
                    for (int i = 0; i < BLOCK_VECTORS; ++i) {
                        row[i] = power_of_two(VECTOR_EXPONENT(row[i], base));
                        sum += row[i];
                    }
                    sums[first + r] = sum;
                    maxima[first + r] = now;
#endif
                }
                for (int i = 0; i < V_VECTORS; i += V_AT_ONCE) {
                    vec acc[ROWS_AT_ONCE][V_AT_ONCE];
                    _Pragma("unroll") for (int r = 0; r < ROWS_AT_ONCE; ++r) {
                        _Pragma("unroll") for (int c = 0; c < V_AT_ONCE; ++c) {
                            acc[r][c] = 0.0f;
                        }
                    }
                    for (int j = 0; j < present; ++j) {
                        _Pragma("unroll") for (int c = 0; c < V_AT_ONCE; ++c) {
                            const vec own = load_vector(v + value_at[j], (i + c) * LANES, DIM_V);
                            _Pragma("unroll") for (int r = 0; r < ROWS_AT_ONCE; ++r) {
                                if (!careful || ((words[r] >> j) & 1u) != 0u) {
                                    acc[r][c] = fma((vec)(s[r * BLOCK + j]), own, acc[r][c]);
                                }
                            }
                        }
                    }
                    _Pragma("unroll") for (int r = 0; r < ROWS_AT_ONCE; ++r) {
                        vec* to = out + (first + r) * V_VECTORS + i;
                        _Pragma("unroll") for (int c = 0; c < V_AT_ONCE; ++c) {
                            to[c] = fma(to[c], (vec)(rescale[r]), acc[r][c]);
                        }
                    }
                }
            }
        }
        for (int row = 0; row < rows; ++row) {
            const size_t at = (size_t)part * all_rows + (size_t)head * rows + row;
            const float* from = (const float*)(out + row * V_VECTORS);
#if SIGMOID
            const float inverse = 1.0f;
#else
            const float sum = sum_of_lanes(sums[row]);
            const float inverse = sum == 0.0f ? 0.0f : 1.0f / sum;
            bases[at] = BASE(maxima[row]);
            part_sums[at] = sum;
#endif
            for (int d = 0; d < DIM_V; ++d) {
                output[at * DIM_V + d] = from[d] * inverse;
            }
        }
    }
}
