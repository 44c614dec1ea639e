// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/row_check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "engine/base/random.h"
#include "engine/base/thread_team.h"
#include "engine/kernel/reference/reference_pair.h"
#include "engine/kernel/reference/reference_row.h"
#include "engine/workload/inputs.h"

namespace longscope {

namespace {

// Keys and values of a stretch of the sequence, made when first asked for.
class KeyChunk {
  public:
    KeyChunk(const AttentionShape& shape, std::uint64_t seed, std::int64_t kv_head, Range positions)
        : seed_(seed),
          kv_head_(kv_head),
          positions_(positions),
          dtype_(shape.dtype),
          dim_qk_(static_cast<std::size_t>(shape.head_dim_qk)),
          dim_v_(static_cast<std::size_t>(shape.head_dim_v)),
          made_(static_cast<std::size_t>(positions.size()), 0),
          values_(made_.size() * (dim_qk_ + dim_v_)) {}

    [[nodiscard]] std::span<const float> key(std::int64_t position) { return row(position).first(dim_qk_); }
    [[nodiscard]] std::span<const float> value(std::int64_t position) { return row(position).subspan(dim_qk_); }

  private:
    std::span<float> row(std::int64_t position) {
        const auto index = static_cast<std::size_t>(position - positions_.begin);
        const std::span<float> row = std::span(values_).subspan(index * (dim_qk_ + dim_v_), dim_qk_ + dim_v_);
        if (made_[index] == 0) {
            make_input_row(seed_, InputTensor::key, kv_head_, position, dtype_, row.first(dim_qk_));
            make_input_row(seed_, InputTensor::value, kv_head_, position, dtype_, row.subspan(dim_qk_));
            made_[index] = 1;
        }
        return row;
    }

    std::uint64_t seed_;
    std::int64_t kv_head_;
    Range positions_;
    DType dtype_;
    std::size_t dim_qk_;
    std::size_t dim_v_;
    std::vector<unsigned char> made_;
    std::vector<float> values_;
};

struct CheckedRow {
    std::int64_t local = 0;  // row of the output
    std::int64_t head = 0;
    std::int64_t position = 0;  // on the axis of keys, aligned at the bottom right
    std::vector<float> query;
    std::vector<Range> runs;
    ReferenceRow reference;
};

std::vector<CheckedRow> rows_of_head(std::int64_t kv_head, const TokenSet& tokens, const HeadMasks& masks,
                                     const AttentionShape& shape, std::uint64_t seed,
                                     const std::vector<std::int64_t>& positions, const LayerScoring& scoring) {
    std::vector<CheckedRow> rows;
    for (const std::int64_t position : positions) {
        const Range local = tokens.local({position, position + 1});
        for (std::int64_t i = 0; !local.empty() && i < shape.heads_per_group(); ++i) {
            CheckedRow row{local.begin,
                           kv_head * shape.heads_per_group() + i,
                           position + masks.key_tokens() - masks.query_tokens(),
                           std::vector<float>(static_cast<std::size_t>(shape.head_dim_qk)),
                           {},
                           ReferenceRow(static_cast<std::size_t>(shape.head_dim_v), scoring.sigmoid_bias)};
            make_input_row(seed, InputTensor::query, row.head, position, shape.dtype, row.query);
            masks.of(row.head).row_runs(position, row.runs);
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

void compare(const CheckedRow& row, const Partial& output, RowCheck& check) {
    ++check.rows;
    const float* got = output.output().row(row.head, row.local);
    for (std::int64_t d = 0; d < output.dim(); ++d) {
        const double expected = row.reference.output(static_cast<std::size_t>(d));
        check.squared_error += (got[d] - expected) * (got[d] - expected);
        check.squared_norm += expected * expected;
    }
    const double lse = output.lse(row.head)[row.local];
    if (lse != row.reference.lse()) {
        const double distance = std::abs(lse - row.reference.lse());
        check.lse_absolute_error = std::max(check.lse_absolute_error,
                                            std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance);
    }
}

}  // namespace

std::vector<std::int64_t> sample_positions(std::int64_t tokens, std::int64_t count, std::uint64_t seed) {
    if (count >= tokens) {
        std::vector<std::int64_t> all(static_cast<std::size_t>(tokens));
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i] = static_cast<std::int64_t>(i);
        }
        return all;
    }
    // Floyd's algorithm (Bentley and Floyd 1987): every set of `count` positions is equally likely.
    RandomStream random(seed, 0);
    std::set<std::int64_t> chosen;
    for (std::int64_t last = tokens - count; last < tokens; ++last) {
        const auto position = static_cast<std::int64_t>(random.next_below(static_cast<std::uint64_t>(last + 1)));
        chosen.insert(chosen.count(position) == 0 ? position : last);
    }
    return {chosen.begin(), chosen.end()};
}

RowCheck check_rows(const Partial& output, const TokenSet& tokens, const HeadMasks& masks, const AttentionShape& shape,
                    std::uint64_t input_seed, const std::vector<std::int64_t>& positions, const LayerScoring& scoring) {
    const Scoring of_all_heads = scoring.of_heads(0);
    constexpr std::int64_t chunk_keys = 4096;
    std::vector<RowCheck> by_head(static_cast<std::size_t>(shape.key_value_heads));
    ThreadTeam().for_each(shape.key_value_heads, [&](std::int64_t kv_head) {
        std::vector<CheckedRow> rows = rows_of_head(kv_head, tokens, masks, shape, input_seed, positions, scoring);
        for (std::int64_t begin = 0; begin < masks.key_tokens() && !rows.empty(); begin += chunk_keys) {
            const Range columns{begin, std::min(begin + chunk_keys, masks.key_tokens())};
            KeyChunk chunk(shape, input_seed, kv_head, columns);
            for (CheckedRow& row : rows) {
                for (const Range run : row.runs) {
                    const Range seen = intersect(run, columns);
                    for (std::int64_t k = seen.begin; k < seen.end; ++k) {
                        const double scaled =
                            dot(row.query, chunk.key(k)) / std::sqrt(static_cast<double>(shape.head_dim_qk));
                        const PairPlace place{row.head, row.local, k, std::abs(row.position - k)};
                        row.reference.add(score_of(of_all_heads, scaled, place), chunk.value(k));
                    }
                }
            }
        }
        for (CheckedRow& row : rows) {
            if (!scoring.sinks.empty()) {
                row.reference.add_sink(scoring.sinks[static_cast<std::size_t>(row.head)]);
            }
            compare(row, output, by_head[static_cast<std::size_t>(kv_head)]);
        }
    });
    RowCheck sum;
    for (const RowCheck& part : by_head) {
        sum.rows += part.rows;
        sum.squared_error += part.squared_error;
        sum.squared_norm += part.squared_norm;
        sum.lse_absolute_error = std::max(sum.lse_absolute_error, part.lse_absolute_error);
    }
    return sum;
}

double output_error_limit(DType dtype, std::int64_t key_tokens) {
    if (dtype != DType::float32) {
        return dtype == DType::bfloat16 ? 8e-3 : 1e-3;
    }
    constexpr double promised_tokens = 16384.0;
    return 1e-6 * std::sqrt(std::max(1.0, static_cast<double>(key_tokens) / promised_tokens));
}

}  // namespace longscope
