// SPDX-License-Identifier: GPL-3.0-or-later
// Attention in parts, over whole rows of scores that are kept: for when keys and values come at different times, block
// by block (Li et al. 2021, "Sequence Parallelism", section 3.2). No running maximum, nothing is rescaled: all of a row
// is there before its softmax is taken.
//
//     compute_scores(...) of every block of keys; lse_of_rows(...); add_weighted_values(...) of every block of values;
//     and back: score_gradients(...) of every block of values, query_and_key_gradients(...) of every block of keys.
//
// What is kept of a pair is scale * q . k, of which its score, its weight, and the slope of a soft cap follow; of pairs
// that are masked nothing is written and nothing is read. The way back leaves the gradients of those products in their
// place. Plain loops over what the masks keep: this serves as the baseline that it was published as.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/thread_team.h"
#include "engine/kernel/kernel.h"

namespace longscope {

// Of all queries with one block of keys, as a view of longer rows; and how the pairs are masked and scored (no bias).
struct ScoreBlock {
    float* data = nullptr;        // of the first head, query and key of the block
    std::int64_t row_stride = 0;  // floats from one row to the next; rows of all heads follow each other
    const LocalMask* mask = nullptr;
    double scale = 1.0;
    Scoring scoring = {};

    [[nodiscard]] std::int64_t rows() const { return mask->rows(); }
    [[nodiscard]] std::int64_t columns() const { return mask->columns(); }
    [[nodiscard]] float* row(std::int64_t head, std::int64_t row) const {
        return data + (head * rows() + row) * row_stride;
    }
};

// Who computes, and how it stays in touch. Each of the two ways goes over the pairs twice; head_pairs_done is increased
// by half of them each time.
struct ScoreWork {
    ThreadTeam& team;
    const AttendHooks& hooks;
};

// `queries`: query heads x rows; `keys`: key/value heads x columns of the block.
void compute_scores(const HeadView& queries, const HeadView& keys, const ScoreBlock& block, const ScoreWork& work);

// Of each row of all blocks together, into that of `out`, whose output becomes zeros. -inf in a row that sees no key,
// and in sigmoid attention.
void lse_of_rows(const std::vector<ScoreBlock>& blocks, Partial& out, const ScoreWork& work);

// Adds the values of the block, by their weights under the lse of `out`.
void add_weighted_values(const HeadView& values, const ScoreBlock& block, Partial& out, const ScoreWork& work);

// The gradients of the products replace these; `value_gradients` (key/value heads x columns) is replaced. lse and delta
// as in AttendBackwardInput.
void score_gradients(const HeadView& values, const AttendBackwardInput& rows, const ScoreBlock& block,
                     HeadMatrix<float> value_gradients, const ScoreWork& work);

// From the gradients of the products: adds to those of queries, replaces those of keys.
void query_and_key_gradients(const HeadView& queries, const HeadView& keys, const ScoreBlock& block,
                             HeadMatrix<float> query_gradients, HeadMatrix<float> key_gradients, const ScoreWork& work);

}  // namespace longscope
