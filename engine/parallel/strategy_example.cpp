// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/strategy_example.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/mask/expression.h"
#include "engine/mask/heads.h"
#include "engine/parallel/dispatch.h"

namespace longscope {

namespace {

constexpr std::int64_t example_ranks = 4;
constexpr std::int64_t example_tokens = 64;

struct CausalCase {
    CausalCase(const AttentionShape& attention, std::int64_t all_tokens, std::string_view dispatch, std::int64_t ranks)
        : shape(attention),
          masks(compile_head_masks(parse_mask(Json{{"causal", Json::object()}}, "mask"), {all_tokens, all_tokens, {}},
                                   attention.query_heads)),
          tokens(dispatch_tokens(find_dispatch(dispatch), {{all_tokens, {}}, &masks, attention.query_heads}, ranks)) {}

    [[nodiscard]] StrategyInput first_rank() const { return {shape, masks, tokens}; }

    AttentionShape shape;
    HeadMasks masks;
    std::vector<TokenSet> tokens;
};

}  // namespace

std::vector<Schedule> example_schedules(const StrategyEntry& strategy) {
    const std::int64_t heads = strategy.text.picture_heads;
    const CausalCase example({1, heads, heads, 16, 16, DType::float32}, example_tokens, strategy.text.dispatch,
                             example_ranks);
    require_feasible(strategy, example.first_rank(), Pass::forward);
    StrategyInput input = strategy.prepared(example.first_rank());
    std::vector<Schedule> schedules;
    for (input.rank = 0; input.rank < example_ranks; ++input.rank) {
        schedules.push_back(strategy.forward(input));
    }
    return schedules;
}

AttentionShape worked_shape() {
    return {1, 64, 8, 128, 128, DType::bfloat16};
}

const std::vector<std::int64_t>& worked_ranks() {
    static const std::vector<std::int64_t> ranks{8, 16, 32, 64, 96};
    return ranks;
}

WorkedBytes worked_bytes(const StrategyEntry& strategy, std::int64_t ranks) {
    WorkedBytes worked;
    const CausalCase all(worked_shape(), worked_tokens_per_rank * ranks, strategy.text.dispatch, ranks);
    worked.infeasible = strategy.infeasible(all.first_rank(), Pass::forward);
    if (!worked.infeasible.empty()) {
        return worked;
    }
    const TokenCounts counts(all.tokens);
    StrategyInput input = strategy.prepared(all.first_rank());
    for (input.rank = 0; input.rank < ranks; ++input.rank) {
        const StrategyTotals forward = strategy.forward_totals(input, counts);
        worked.received_forward = std::max(worked.received_forward, forward.bytes_received);
        worked.buffers_forward = std::max(worked.buffers_forward, forward.peak_buffer_bytes);
        if (strategy.has_backward) {
            const StrategyTotals both = strategy.forward_backward_totals(input, counts);
            worked.received_backward =
                std::max(worked.received_backward.value_or(0), both.bytes_received - forward.bytes_received);
            worked.buffers_backward = std::max(worked.buffers_backward.value_or(0), both.peak_buffer_bytes);
        }
    }
    return worked;
}

}  // namespace longscope
