// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "engine/base/registry.h"
#include "engine/mask/local_mask.h"
#include "engine/parallel/strategy.h"

namespace longscope {

const std::vector<StrategyEntry>& strategies() {
    static const std::vector<StrategyEntry> entries{
        {"ring", "keys and values travel from rank to rank, N-1 hops, while each rank computes on what it holds", true,
         false, always_feasible, write_ring, ring_totals, head_pairs_of_own_queries, ring_text},
        {"all_gather", "every rank gets all keys and values at once, then computes on them in one piece", true, false,
         always_feasible, write_all_gather, all_gather_totals, head_pairs_of_own_queries, all_gather_text},
        {"ulysses", "all ranks exchange tokens for heads: each computes some heads of the whole sequence, then back",
         true, false, ulysses_infeasible, write_ulysses, ulysses_totals, ulysses_head_pairs, ulysses_text},
        {"usp", "groups of ranks exchange tokens for heads; keys and values make a ring between the groups", true, true,
         usp_infeasible, write_usp, usp_totals, usp_head_pairs, usp_text},
        {"group_cast", "every rank gets just the keys and values that its queries see, while it computes on its own",
         true, false, always_feasible, write_group_cast, group_cast_totals, head_pairs_of_own_queries, group_cast_text},
        {"token_ring", "queries travel from rank to rank, their partial results straight back; keys and values stay",
         false, false, always_feasible, write_token_ring, token_ring_totals, token_ring_head_pairs, token_ring_text},
    };
    return entries;
}

std::string StrategyEntry::infeasible(const AttentionShape& shape, std::int64_t ranks, Pass pass,
                                      const StrategyOptions& options) const {
    if (pass == Pass::forward_backward && !has_backward) {
        return fmt::format("{} has no backward pass", name);
    }
    return refusal(shape, ranks, options);
}

std::string always_feasible(const AttentionShape& /*shape*/, std::int64_t /*ranks*/,
                            const StrategyOptions& /*options*/) {
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

void require_feasible(const StrategyEntry& strategy, const AttentionShape& shape, std::int64_t ranks, Pass pass,
                      const StrategyOptions& options) {
    if (const std::string reason = strategy.infeasible(shape, ranks, pass, options); !reason.empty()) {
        throw Error(ErrorKind::infeasible, reason);
    }
}

const StrategyEntry& find_strategy(std::string_view name) {
    return find_entry(strategies(), name, "layout.strategy", "a strategy");
}

}  // namespace longscope
