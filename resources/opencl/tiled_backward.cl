// SPDX-License-Identifier: GPL-3.0-or-later
// Backward attention for GPUs, in the two passes of wide_backward.cl, whose arguments, plans and order of tensors in
// memory it shares (backward_arguments.cl): nobody adds to what another one adds to, and all sums have one order. A work-group computes a part of
// an own tile, PART_ROWS rows, over pieces of 64 rows of the other side.
//
// Defined from outside beside what backward_arguments.cl reads: PART_ROWS, a multiple of ROW_GROUP and of DOWN that divides
// TILE. Tasks name parts: own tile * PARTS + part.
#define PARTS (TILE / PART_ROWS)
#define PIECE 64  // other rows that are computed at once
#define OWN_ROWS (PART_ROWS / DOWN)
#define OWN_COLUMNS (PIECE / ACROSS)
#define QK_ELEMENTS ((DIM_QK + ACROSS - 1) / ACROSS)
#define V_ELEMENTS ((DIM_V + ACROSS - 1) / ACROSS)
#define STAGED_ROW (DIM_QK_PADDED > DIM_V_PADDED ? DIM_QK_PADDED : DIM_V_PADDED)

// acc = own part . other piece^T.
#define SCORE_PRODUCT(acc, own, other_panels, steps)                                                                    \
    CLEAR_BLOCK(acc, OWN_ROWS, OWN_COLUMNS)                                                                             \
    for (int depth_ = 0; depth_ < (steps); depth_ += DEPTH) {                                                           \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                   \
        for (int i_ = item; i_ < DEPTH * PART_ROWS; i_ += DOWN * ACROSS) {                                              \
            left[(i_ % DEPTH) * PART_ROWS + i_ / DEPTH] =                                                               \
                ELEMENT(own, part * PART_ROWS + i_ / DEPTH, depth_ + i_ % DEPTH);                                       \
        }                                                                                                               \
        for (int i_ = item; i_ < DEPTH * PIECE; i_ += DOWN * ACROSS) {                                                  \
            const int column_ = piece + i_ % PIECE;                                                                     \
            right[i_] = (other_panels)[(column_ / PANEL) * ((steps) * PANEL) + (depth_ + i_ / PIECE) * PANEL +          \
                                       column_ % PANEL];                                                                \
        }                                                                                                               \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                   \
        ADD_STAGED(acc, OWN_ROWS, OWN_COLUMNS, left, PART_ROWS, first_row, right, PIECE)                                \
    }

// sum += factors . other piece, from 0, so that rounding grows with the rows of a piece and then with the pieces only.
// Hidden pairs are not touched where `careful`.
#define ADD_GRADIENT(sum, elements, padded, other_rows)                                                                 \
    {                                                                                                                   \
        float add_[OWN_ROWS][elements];                                                                                 \
        CLEAR_BLOCK(add_, OWN_ROWS, elements)                                                                           \
        for (int first_ = 0; first_ < PIECE; first_ += DEPTH) {                                                         \
            barrier(CLK_LOCAL_MEM_FENCE);                                                                               \
            for (int i_ = item; i_ < DEPTH * (padded); i_ += DOWN * ACROSS) {                                           \
                staged_rows[i_] = ELEMENT(other_rows, piece + first_ + i_ / (padded), i_ % (padded));                   \
            }                                                                                                           \
            barrier(CLK_LOCAL_MEM_FENCE);                                                                               \
            for (int key_ = 0; key_ < DEPTH; ++key_) {                                                                  \
                for (int r_ = 0; r_ < OWN_ROWS; ++r_) {                                                                 \
                    const int at_ = (first_row + r_) * PIECE + first_ + key_;                                           \
                    if (!careful || !untouched[at_]) {                                                                  \
                        for (int d_ = 0; d_ < (elements); ++d_) {                                                       \
                            add_[r_][d_] =                                                                              \
                                fma(factors[at_], staged_rows[key_ * (padded) + d_ * ACROSS + across], add_[r_][d_]);   \
                        }                                                                                               \
                    }                                                                                                   \
                }                                                                                                       \
            }                                                                                                           \
        }                                                                                                               \
        for (int r_ = 0; r_ < OWN_ROWS; ++r_) {                                                                         \
            for (int d_ = 0; d_ < (elements); ++d_) {                                                                   \
                sum[r_][d_] += add_[r_][d_];                                                                            \
            }                                                                                                           \
        }                                                                                                               \
    }

#define STORE_FACTORS(from)                                                                    \
    barrier(CLK_LOCAL_MEM_FENCE);                                                              \
    for (int r_ = 0; r_ < OWN_ROWS; ++r_) {                                                    \
        for (int c_ = 0; c_ < OWN_COLUMNS; ++c_) {                                             \
            factors[(first_row + r_) * PIECE + c_ * ACROSS + across] = from[r_][c_];           \
        }                                                                                      \
    }

__attribute__((reqd_work_group_size(DOWN * ACROSS, 1, 1))) kernel void attend_backward_tiled(BACKWARD_ARGUMENTS) {
    local float left[DEPTH * PART_ROWS];
    local float right[DEPTH * PIECE];
    local float staged_rows[DEPTH * STAGED_ROW];
    local float factors[PART_ROWS * PIECE];
    local uchar untouched[PART_ROWS * PIECE];

    const int item = get_local_id(0);
    const int across = item % ACROSS;
    const int first_row = item / ACROSS * OWN_ROWS;
    const int task = first_task + (int)get_group_id(0);
    const int head = tasks[task].x;
    const int own_tile = tasks[task].y / PARTS;
    const int part = tasks[task].y % PARTS;
    const size_t own_slot = (size_t)head * own_tiles + own_tile;
    global const float* own_rows_of = own + own_slot * (TILE * DIM_QK_PADDED);
    global const float* own_values_of = own_values + own_slot * (TILE * DIM_V_PADDED);

    float sum[OWN_ROWS][QK_ELEMENTS];
    CLEAR_BLOCK(sum, OWN_ROWS, QK_ELEMENTS)
#if OF_KEYS
    float value_sum[OWN_ROWS][V_ELEMENTS];
    CLEAR_BLOCK(value_sum, OWN_ROWS, V_ELEMENTS)
#endif

    for (int member = 0; member < (OF_KEYS ? group : 1); ++member) {
        const int query_head = OF_KEYS ? head * group + member : head;
        const int other_head = OF_KEYS ? query_head : head / group;
        const int2 range = ranges[kinds[query_head] * own_tiles + own_tile];
        for (int run = range.x; run < range.y; ++run) {
            const int other_tile = runs[run].x;
            const bool partial = runs[run].y >= 0;
            global const uint* told = seen + (partial ? runs[run].y : 0);
            const size_t slot = (size_t)other_head * other_tiles + other_tile;
            global const float* k_panels = other_panels + slot * (TILE * DIM_QK_STEPS);
            global const float* v_panels = other_value_panels + slot * (TILE * DIM_V_STEPS);
            global const float* k_rows = other + slot * (TILE * DIM_QK_PADDED);
            global const float* v_rows = other_values + slot * (TILE * DIM_V_PADDED);
            const bool careful = not_finite[slot] || values_not_finite[slot];
            for (int piece = 0; piece < TILE; piece += PIECE) {
                bool needed = !partial;
                for (int g = part * (PART_ROWS / ROW_GROUP); partial && g < (part + 1) * (PART_ROWS / ROW_GROUP); ++g) {
                    needed |= (int)told[3 * g] < piece + PIECE && (int)told[3 * g + 1] > piece;
                }
                if (needed) {
                    float p[OWN_ROWS][OWN_COLUMNS];
                    float ds[OWN_ROWS][OWN_COLUMNS];
                    SCORE_PRODUCT(p, own_rows_of, k_panels, DIM_QK_STEPS)
                    SCORE_PRODUCT(ds, own_values_of, v_panels, DIM_V_STEPS)
                    for (int r = 0; r < OWN_ROWS; ++r) {
                        const int row = part * PART_ROWS + first_row + r;  // of the own tile
                        const int at = own_tile * TILE + row;              // of the own side
                        for (int c = 0; c < OWN_COLUMNS; ++c) {
                            const int column_of_tile = piece + c * ACROSS + across;
                            const int column = other_tile * TILE + column_of_tile;  // of the other side
                            const size_t query =
                                OF_KEYS ? (size_t)query_head * (other_tiles * TILE) + column
                                        : (size_t)query_head * (own_tiles * TILE) + at;
                            bool hidden = partial && is_hidden_pair(told, GROUPS, ROW_WORDS, row, column_of_tile);
                            float slope_of_cap = 1.0f;
#if SCORED
#if SOFT_CAP
                            const float cosine = cosh(p[r][c] * how.scale / how.soft_cap);
                            slope_of_cap = 1.0f / (cosine * cosine);
#endif
                            const float s = score_of_pair(p[r][c], how,
#if ALIBI
                                                          slopes[query_head], own_positions[at], other_positions[column],
#else
                                                          0.0f, 0, 0,
#endif
#if BIAS
                                                          // Queries go down, also where they are the other side.
                                                          biases[(size_t)query_head * bias_head_stride +
                                                                 (size_t)(OF_KEYS ? column : at) * bias_stride +
                                                                 (OF_KEYS ? at : column)],
#else
                                                          0.0f,
#endif
                                                          &hidden);
#if SIGMOID
                            const float weight = SIGMOID_WEIGHT(s);
#else
                            const float weight = exp2((s - lse[query]) * LOG2_E);
#endif
#else
                            const float weight = exp2(fma(p[r][c], how.scale, lse[query] * -LOG2_E));
#endif
#if SIGMOID
                            const float of_score = weight * (1.0f - weight) * ds[r][c];
#else
                            const float of_score = weight * (ds[r][c] - delta[query]);
#endif
#if BIAS_GRADIENTS && !OF_KEYS
                            if (at < own_rows && column < columns && !hidden) {
                                bias_gradients[(size_t)query_head * bias_gradient_head_stride +
                                               (size_t)(first_own + at) * columns + column] += of_score;
                            }
#endif
                            p[r][c] = hidden ? 0.0f : weight;
                            ds[r][c] = hidden ? 0.0f : of_score * slope_of_cap;
                            untouched[(first_row + r) * PIECE + c * ACROSS + across] = hidden;
                        }
                    }
#if OF_KEYS
                    STORE_FACTORS(p)
                    ADD_GRADIENT(value_sum, V_ELEMENTS, DIM_V_PADDED, v_rows)
#endif
                    STORE_FACTORS(ds)
                    ADD_GRADIENT(sum, QK_ELEMENTS, DIM_QK_PADDED, k_rows)
                }
            }
        }
    }

    for (int r = 0; r < OWN_ROWS; ++r) {
        const int row = own_tile * TILE + part * PART_ROWS + first_row + r;
        if (row < own_rows) {
            const size_t at = (size_t)head * all_own_rows + first_own + row;
            for (int i = 0; i < QK_ELEMENTS; ++i) {
                const int d = i * ACROSS + across;
                if (d < DIM_QK) {
                    gradients[at * DIM_QK + d] += scale * sum[r][i];
                }
            }
#if OF_KEYS
            for (int i = 0; i < V_ELEMENTS; ++i) {
                const int d = i * ACROSS + across;
                if (d < DIM_V) {
                    value_gradients[at * DIM_V + d] += value_sum[r][i];
                }
            }
#endif
        }
    }
}
