// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/row_check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "engine/base/random.h"
#include "engine/base/thread_team.h"
#include "engine/execute/checked_rows.h"
#include "engine/kernel/reference/reference_row.h"

namespace longscope {

namespace {

void compare(const CheckedRow& row, const ReferenceRow& reference, const Partial& output, RowCheck& check) {
    ++check.rows;
    const float* got = output.output().row(row.head, row.local);
    for (std::int64_t d = 0; d < output.dim(); ++d) {
        const double expected = reference.output(static_cast<std::size_t>(d));
        check.squared_error += (got[d] - expected) * (got[d] - expected);
        check.squared_norm += expected * expected;
    }
    const double lse = output.lse(row.head)[row.local];
    if (lse != reference.lse()) {
        const double distance = std::abs(lse - reference.lse());
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
    const CheckedProblem problem{masks, shape, input_seed, scoring};
    const Scoring of_all_heads = scoring.of_heads(0);
    std::vector<RowCheck> by_head(static_cast<std::size_t>(shape.key_value_heads));
    ThreadTeam().for_each(shape.key_value_heads, [&](std::int64_t kv_head) {
        const std::vector<CheckedRow> rows = checked_rows(problem, kv_head, tokens, positions);
        std::vector<ReferenceRow> references(
            rows.size(), ReferenceRow(static_cast<std::size_t>(shape.head_dim_v), scoring.sigmoid_bias));
        for_each_seen_key(
            problem, kv_head, rows,
            [&](std::size_t i, const PairPlace& place, double scaled, std::span<const float> /*key*/,
                std::span<const float> value) { references[i].add(score_of(of_all_heads, scaled, place), value); });
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (!scoring.sinks.empty()) {
                references[i].add_sink(scoring.sinks[static_cast<std::size_t>(rows[i].head)]);
            }
            compare(rows[i], references[i], output, by_head[static_cast<std::size_t>(kv_head)]);
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
