// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/registry.h"
#include "engine/mask/local_mask.h"
#include "engine/parallel/strategy.h"

namespace longscope {

const std::vector<StrategyEntry>& strategies() {
    static const std::vector<StrategyEntry> entries{
        {"ring", "keys and values travel from rank to rank, N-1 hops, while each rank computes on what it holds",
         always_feasible, ring_forward, ring_totals, ring_forward_backward, ring_forward_backward_totals,
         head_pairs_of_own_queries},
        {"all_gather", "every rank gets all keys and values at once, then computes on them in one piece",
         always_feasible, all_gather_forward, all_gather_totals, all_gather_forward_backward,
         all_gather_forward_backward_totals, head_pairs_of_own_queries},
        {"ulysses", "all ranks exchange tokens for heads: each computes some heads of the whole sequence, then back",
         ulysses_infeasible, ulysses_forward, ulysses_totals, ulysses_forward_backward, ulysses_forward_backward_totals,
         ulysses_head_pairs},
    };
    return entries;
}

std::string always_feasible(const AttentionShape& /*shape*/, std::int64_t /*ranks*/) {
    return {};
}

std::int64_t head_pairs_of_own_queries(const StrategyInput& input) {
    const TokenSet all_keys({{0, input.masks.key_tokens()}});
    return LocalMask(input.masks, input.tokens[static_cast<std::size_t>(input.rank)], all_keys)
        .head_pairs({0, input.shape.query_heads});
}

std::int64_t row_gradient_bytes(const AttentionShape& shape, std::int64_t tokens) {
    return shape.query_heads * tokens * (1 + shape.head_dim_qk) * std::int64_t{sizeof(float)};
}

void require_feasible(const StrategyEntry& strategy, const AttentionShape& shape, std::int64_t ranks) {
    if (const std::string reason = strategy.infeasible(shape, ranks); !reason.empty()) {
        throw Error(ErrorKind::infeasible, reason);
    }
}

const StrategyEntry& find_strategy(std::string_view name) {
    return find_entry(strategies(), name, "layout.strategy", "a strategy");
}

}  // namespace longscope
