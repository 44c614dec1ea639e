// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of queries that a check looks at, with all the keys that they see: made anew from the seed
// (engine/workload/inputs.h), a stretch of keys at a time.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/kernel/layer_scoring.h"
#include "engine/kernel/reference/reference_pair.h"
#include "engine/mask/head_masks.h"
#include "engine/mask/token_set.h"
#include "engine/tensor/attention_shape.h"

namespace longscope {

// What a check is over, the same on every rank.
struct CheckedProblem {
    const HeadMasks& masks;
    const AttentionShape& shape;
    std::uint64_t input_seed = 0;
    const LayerScoring& scoring;

    // Of a query at a position of the sequence, on the axis of keys: aligned at the bottom right.
    [[nodiscard]] std::int64_t on_key_axis(std::int64_t query) const {
        return query + masks.key_tokens() - masks.query_tokens();
    }
    [[nodiscard]] double scale() const { return 1.0 / std::sqrt(static_cast<double>(shape.head_dim_qk)); }
};

struct CheckedRow {
    std::int64_t local = 0;  // row of the rank's own
    std::int64_t head = 0;
    std::int64_t position = 0;  // in the sequence
    std::vector<float> query;
    std::vector<Range> runs;  // of the keys that it sees
};

// Of the query heads that read one key/value head: those of `positions` that `tokens` holds.
[[nodiscard]] std::vector<CheckedRow> checked_rows(const CheckedProblem& problem, std::int64_t kv_head,
                                                   const TokenSet& tokens, const std::vector<std::int64_t>& positions);

// Keys and values of a stretch of the sequence, made when first asked for.
class KeyChunk {
  public:
    KeyChunk(const CheckedProblem& problem, std::int64_t kv_head, Range positions);

    [[nodiscard]] std::span<const float> key(std::int64_t position) { return row(position).first(dim_qk_); }
    [[nodiscard]] std::span<const float> value(std::int64_t position) { return row(position).subspan(dim_qk_); }

  private:
    std::span<float> row(std::int64_t position);

    std::uint64_t seed_;
    std::int64_t kv_head_;
    Range positions_;
    DType dtype_;
    std::size_t dim_qk_;
    std::size_t dim_v_;
    std::vector<unsigned char> made_;
    std::vector<float> values_;
};

// Calls `action(i, place, scaled, key, value)` for each key that row i sees, `scaled` being scale * q . k.
template <typename Action>
void for_each_seen_key(const CheckedProblem& problem, std::int64_t kv_head, const std::vector<CheckedRow>& rows,
                       Action action) {
    constexpr std::int64_t chunk_keys = 4096;
    const std::int64_t keys = problem.masks.key_tokens();
    for (std::int64_t begin = 0; begin < keys && !rows.empty(); begin += chunk_keys) {
        const Range columns{begin, std::min(begin + chunk_keys, keys)};
        KeyChunk chunk(problem, kv_head, columns);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const CheckedRow& row = rows[i];
            const std::int64_t query = problem.on_key_axis(row.position);
            for (const Range run : row.runs) {
                const Range seen = intersect(run, columns);
                for (std::int64_t k = seen.begin; k < seen.end; ++k) {
                    const std::span<const float> key = chunk.key(k);
                    action(i, PairPlace{row.head, row.local, k, std::abs(query - k)},
                           dot(row.query, key) * problem.scale(), key, chunk.value(k));
                }
            }
        }
    }
}

}  // namespace longscope
