// SPDX-License-Identifier: GPL-3.0-or-later
// Backward attention for processors with wide vectors, in two passes of one form, so that nobody adds to what another
// one adds to: for tiles of query rows over the keys that they see, which gives dQ; for tiles of keys over the queries
// that see them, which gives dK and dV. A tile of its "own" rows (queries, or keys) stays with one work-item, which
// passes over the "other" ones, group by group of 12 own rows:
//     S = own . other^T, P = weight of S;  dP = own gradients . other values^T (or the transpose);  dS = P (dP - delta)
//     d own += scale * dS other;  and for keys  d values += P^T other gradients
// (FlashAttention-2, section 2.2; seven products where one pass with shared sums takes five).
//
// Defined from outside: what lanes.cl, wide_scores.cl and backward_arguments.cl read.
#define TILE_VECTORS (TILE / LANES)
#define QK_VECTORS (DIM_QK_PADDED / LANES)
#define V_VECTORS (DIM_V_PADDED / LANES)

// own[ROW_GROUP x DIM] of a group, as a product reads it: element by element, 12 rows side by side.
#define LOAD_GROUP(to, tile, group, dim, steps)                                                        \
    for (int d_ = 0; d_ < (steps); ++d_) {                                                             \
        for (int r_ = 0; r_ < ROW_GROUP; ++r_) {                                                       \
            (to)[d_ * ROW_GROUP + r_] = d_ < (dim) ? ELEMENT(tile, (group) * ROW_GROUP + r_, d_) : 0.0f; \
        }                                                                                              \
    }

// to[12 x TILE] = own . other^T for columns from begin to end.
#define SCORE_PRODUCT(to, own, other, steps)                                            \
    for (int column_ = begin; column_ < end; column_ += PANEL) {                        \
        vec acc[ROW_GROUP][2];                                                          \
        CLEAR(acc)                                                                      \
        global const vec* panel_ = (other) + (column_ / PANEL) * ((steps) * 2);         \
        ADD_PRODUCT(acc, own, 1, ROW_GROUP, panel_, steps)                              \
        vec* to_ = (vec*)((to) + column_);                                              \
        _Pragma("unroll") for (int r_ = 0; r_ < ROW_GROUP; ++r_) {                      \
            to_[r_ * TILE_VECTORS] = acc[r_][0];                                        \
            to_[r_ * TILE_VECTORS + 1] = acc[r_][1];                                    \
        }                                                                               \
    }

// sum[12 x vectors] += factor[12 x TILE] . other; hidden pairs are not touched where `careful`.
#define ADD_GRADIENT(sum, vectors, factor, other)                                                   \
    for (int panel_ = 0; panel_ < (vectors) / 2; ++panel_) {                                        \
        vec acc[ROW_GROUP][2];                                                                      \
        CLEAR(acc)                                                                                  \
        global const vec* from_ = (other) + panel_ * (TILE * 2) + begin * 2;                        \
        const float* a_ptr_ = (factor) + begin;                                                     \
        if (careful) {                                                                              \
            for (int r_ = 0; r_ < ROW_GROUP; ++r_) {                                                \
                for (int i_ = 0; i_ < end - begin; ++i_) {                                          \
                    if (!is_hidden[r_ * TILE + begin + i_]) {                                       \
                        acc[r_][0] += a_ptr_[r_ * TILE + i_] * from_[2 * i_];                       \
                        acc[r_][1] += a_ptr_[r_ * TILE + i_] * from_[2 * i_ + 1];                   \
                    }                                                                               \
                }                                                                                   \
            }                                                                                       \
        } else {                                                                                    \
            ADD_PRODUCT(acc, a_ptr_, TILE, 1, from_, end - begin)                                   \
        }                                                                                           \
        vec* to_ = (sum) + panel_ * 2;                                                              \
        _Pragma("unroll") for (int r_ = 0; r_ < ROW_GROUP; ++r_) {                                  \
            to_[r_ * (vectors)] += acc[r_][0];                                                      \
            to_[r_ * (vectors) + 1] += acc[r_][1];                                                  \
        }                                                                                           \
    }

ONE_ITEM kernel void attend_backward_wide(BACKWARD_ARGUMENTS) {
    __attribute__((aligned(64))) float x[ROW_GROUP * DIM_QK_STEPS];
    __attribute__((aligned(64))) float y[ROW_GROUP * DIM_V_STEPS];
    __attribute__((aligned(64))) float p[ROW_GROUP * TILE];
    __attribute__((aligned(64))) float ds[ROW_GROUP * TILE];
    int is_hidden[ROW_GROUP * TILE];
    vec sum[TILE * QK_VECTORS];
    vec value_sum[OF_KEYS ? TILE * V_VECTORS : 1];
    const int16 lane_bits = (int16)(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);

    for (int task = first_task + atomic_inc(queue); task < end_task; task = first_task + atomic_inc(queue)) {
        const int head = tasks[task].x;
        const int own_tile = tasks[task].y;
        const int present = min(TILE, own_rows - own_tile * TILE);
        const int groups = (present + ROW_GROUP - 1) / ROW_GROUP;
        const size_t own_slot = (size_t)head * own_tiles + own_tile;
        global const float* own_rows_of = own + own_slot * (TILE * DIM_QK_PADDED);
        global const float* own_values_of = own_values + own_slot * (TILE * DIM_V_PADDED);
        for (int i = 0; i < TILE * QK_VECTORS; ++i) {
            sum[i] = 0.0f;
        }
#if OF_KEYS
        for (int i = 0; i < TILE * V_VECTORS; ++i) {
            value_sum[i] = 0.0f;
        }
#endif
        for (int member = 0; member < (OF_KEYS ? group : 1); ++member) {
            const int query_head = OF_KEYS ? head * group + member : head;
            const int other_head = OF_KEYS ? query_head : head / group;
            const int2 range = ranges[kinds[query_head] * own_tiles + own_tile];
            for (int run = range.x; run < range.y; ++run) {
                const int other_tile = runs[run].x;
                const size_t slot = (size_t)other_head * other_tiles + other_tile;
                global const vec* k_panels = (global const vec*)(other_panels + slot * (TILE * DIM_QK_STEPS));
                global const vec* v_panels = (global const vec*)(other_value_panels + slot * (TILE * DIM_V_STEPS));
                global const vec* k_rows = (global const vec*)(other + slot * (TILE * DIM_QK_PADDED));
                global const vec* v_rows = (global const vec*)(other_values + slot * (TILE * DIM_V_PADDED));
                const bool careful = not_finite[slot] || values_not_finite[slot];
                for (int g = 0; g < groups; ++g) {
                    int begin = 0;
                    int end = TILE;
                    bool masked = false;
                    global const uint* bits = seen;
                    if (runs[run].y >= 0) {
                        global const uint* told = seen + runs[run].y;
                        begin = told[3 * g];
                        end = told[3 * g + 1];
                        masked = told[3 * g + 2] != 0;
                        bits = told + 3 * GROUPS + g * ROW_GROUP * ROW_WORDS;
                    }
                    if (begin >= end) {
                        continue;
                    }
                    LOAD_GROUP(x, own_rows_of, g, DIM_QK, DIM_QK_STEPS)
                    LOAD_GROUP(y, own_values_of, g, DIM_V, DIM_V_STEPS)
                    SCORE_PRODUCT(p, x, k_panels, DIM_QK_STEPS)
                    SCORE_PRODUCT(ds, y, v_panels, DIM_V_STEPS)
                    for (int r = 0; r < ROW_GROUP; ++r) {
                        const int at = own_tile * TILE + g * ROW_GROUP + r;  // of the own side
                        vec* weights = (vec*)(p + r * TILE);
                        vec* gradient = (vec*)(ds + r * TILE);
                        for (int i = begin / LANES; i < end / LANES; ++i) {
                            const int column = other_tile * TILE + i * LANES;  // of the other side
#if OF_KEYS
                            const size_t query = (size_t)query_head * (other_tiles * TILE) + column;
                            const vec row_lse = vload16(0, lse + query);
                            const vec row_delta = vload16(0, delta + query);
#else
                            const size_t query = (size_t)query_head * (own_tiles * TILE) + at;
                            const vec row_lse = lse[query];
                            const vec row_delta = delta[query];
#endif
                            int16 hidden = 0;
                            if (masked) {
                                const uint word = bits[r * ROW_WORDS + i / 2] >> (i % 2 * LANES);
                                hidden = ((int16)((int)word) & lane_bits) == 0;
                            }
                            vec slope_of_cap = 1.0f;
#if SCORED
                            vec bias = 0.0f;
#if BIAS
                            // Queries go down, also where they are the other side.
                            global const float* biases_of = biases + (size_t)query_head * bias_head_stride;
#if OF_KEYS
                            float column_of_bias[LANES];
                            for (int lane = 0; lane < LANES; ++lane) {
                                column_of_bias[lane] = biases_of[(size_t)(column + lane) * bias_stride + at];
                            }
                            bias = vload16(0, column_of_bias);
#else
                            bias = vload16(0, biases_of + (size_t)at * bias_stride + column);
#endif
#endif
#if SOFT_CAP
                            const vec cosine = cosh(weights[i] * how.scale / how.soft_cap);
                            slope_of_cap = 1.0f / (cosine * cosine);
#endif
                            const vec s = score(weights[i], &how,
#if ALIBI
                                                slopes[query_head], own_positions[at], other_positions + column,
#else
                                                0.0f, 0, 0,
#endif
                                                bias, &hidden);
#if SIGMOID
                            vec exponent = -(s + how.sigmoid_bias) * LOG2_E;
                            exponent = exponent > 126.0f ? (vec)(126.0f) : exponent;
                            vec weight = 1.0f / (1.0f + power_of_two(exponent));
#else
                            vec weight = power_of_two((s - row_lse) * LOG2_E);
#endif
#else
                            vec weight = power_of_two(fma(weights[i], (vec)(how.scale), row_lse * -LOG2_E));
#endif
                            weight = select(weight, (vec)(0.0f), hidden);
#if SIGMOID
                            vec of_score = weight * (1.0f - weight) * gradient[i];
#else
                            vec of_score = weight * (gradient[i] - row_delta);
#endif
                            of_score = select(of_score, (vec)(0.0f), hidden);
#if BIAS_GRADIENTS && !OF_KEYS
                            if (at < own_rows) {
                                global float* wanted = bias_gradients + (size_t)query_head * bias_gradient_head_stride +
                                                       (size_t)(first_own + at) * columns;
                                for (int lane = 0; lane < LANES && column + lane < columns; ++lane) {
                                    if (((const int*)&hidden)[lane] == 0) {
                                        wanted[column + lane] += ((const float*)&of_score)[lane];
                                    }
                                }
                            }
#endif
                            weights[i] = weight;
                            gradient[i] = select(of_score * slope_of_cap, (vec)(0.0f), hidden);
                            if (careful) {
                                vstore16(hidden, 0, is_hidden + r * TILE + i * LANES);
                            }
                        }
                    }
                    ADD_GRADIENT(sum + g * ROW_GROUP * QK_VECTORS, QK_VECTORS, ds, k_rows)
#if OF_KEYS
                    ADD_GRADIENT(value_sum + g * ROW_GROUP * V_VECTORS, V_VECTORS, p, v_rows)
#endif
                }
            }
        }
        for (int row = 0; row < present; ++row) {
            const size_t at = (size_t)head * all_own_rows + first_own + own_tile * TILE + row;
            for (int d = 0; d < DIM_QK; ++d) {
                gradients[at * DIM_QK + d] += scale * ((const float*)(sum + row * QK_VECTORS))[d];
            }
#if OF_KEYS
            for (int d = 0; d < DIM_V; ++d) {
                value_gradients[at * DIM_V + d] += ((const float*)(value_sum + row * V_VECTORS))[d];
            }
#endif
        }
    }
}
