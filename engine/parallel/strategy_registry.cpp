// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/registry.h"
#include "engine/mask/local_mask.h"
#include "engine/parallel/strategy.h"

namespace longscope {

const std::vector<StrategyEntry>& strategies() {
    static const std::vector<StrategyEntry> entries{
        {"ring", "keys and values travel from rank to rank, N-1 hops, while each rank computes on what it holds", true,
         false, always_feasible, write_ring, ring_totals, head_pairs_of_own_queries},
        {"all_gather", "every rank gets all keys and values at once, then computes on them in one piece", true, false,
         always_feasible, write_all_gather, all_gather_totals, head_pairs_of_own_queries},
        {"ulysses", "all ranks exchange tokens for heads: each computes some heads of the whole sequence, then back",
         true, false, ulysses_infeasible, write_ulysses, ulysses_totals, ulysses_head_pairs},
        {"usp", "groups of ranks exchange tokens for heads; keys and values make a ring between the groups", true, true,
         usp_infeasible, write_usp, usp_totals, usp_head_pairs},
        {"double_ring", "a ring in windows: inner rounds in each, while the next window's blocks come over outer links",
         true, false, double_ring_infeasible, write_double_ring, double_ring_totals, double_ring_head_pairs, nullptr,
         nullptr, double_ring_candidates},
        {"pruned_ring", "a ring whose hops carry only the keys and values that somebody further on the round sees",
         true, false, always_feasible, write_pruned_ring, pruned_ring_totals, head_pairs_of_own_queries},
        {"llama3_all_gather", "every rank gets all keys and values, a few heads at a time, the next while it computes",
         true, false, llama3_all_gather_infeasible, write_llama3_all_gather, llama3_all_gather_totals,
         head_pairs_of_own_queries, nullptr, nullptr, llama3_all_gather_candidates},
        {"group_cast", "every rank gets just the keys and values that its queries see, while it computes on its own",
         true, false, always_feasible, write_group_cast, group_cast_totals, head_pairs_of_own_queries},
        {"token_ring", "queries travel from rank to rank, their partial results straight back; keys and values stay",
         false, false, always_feasible, write_token_ring, token_ring_totals, token_ring_head_pairs},
        {"light_seq",
         "ranks that early tokens leave idle take queries of late ones, of causal masks over contiguous parts", true,
         false, light_seq_infeasible, write_light_seq, light_seq_totals, light_seq_head_pairs,
         light_seq_layout_infeasible},
        {"dist_ca", "queries of busy ranks are computed by idle ones, which get the keys and values that they see",
         true, false, always_feasible, write_dist_ca, dist_ca_totals, dist_ca_head_pairs, nullptr, plan_dist_ca},
        {"split_kv",
         "keys and values stay; every rank computes all queries over its own, and sends partial results back", false,
         false, always_feasible, write_split_kv, split_kv_totals, token_ring_head_pairs},
        {"ulysses_uneven",
         "as ulysses, with query heads that the ranks do not divide: the first ranks compute one more", true, false,
         ulysses_uneven_infeasible, write_ulysses_uneven, ulysses_uneven_totals, ulysses_uneven_head_pairs},
    };
    return entries;
}

std::string StrategyEntry::infeasible(const AttentionShape& shape, std::int64_t ranks, Pass pass,
                                      const StrategyOptions& options) const {
    if (pass == Pass::forward_backward && !has_backward) {
        return fmt::format("{} has no backward pass", name);
    }
    if (options.wire_dtype != DType::float32 &&
        std::find(wire_dtype_strategies.begin(), wire_dtype_strategies.end(), name) == wire_dtype_strategies.end()) {
        return fmt::format("{} sends partial results and gradients in float32 alone (layout.wire_dtype)", name);
    }
    return refusal(shape, ranks, options);
}

std::string StrategyEntry::infeasible(const StrategyInput& input, Pass pass) const {
    std::string reason = infeasible(input.shape, input.ranks(), pass, input.options);
    return reason.empty() && layout_refusal != nullptr ? layout_refusal(input) : reason;
}

StrategyInput StrategyEntry::prepared(StrategyInput input) const {
    if (planner != nullptr) {
        input.plan = planner(input);
    }
    return input;
}

std::vector<StrategyOptions> StrategyEntry::choices(const AttentionShape& shape, std::int64_t ranks) const {
    std::vector<StrategyOptions> all;
    if (candidates != nullptr) {
        all = candidates(shape, ranks);
    }
    for (std::int64_t ulysses = 2; has_degree && ulysses < ranks; ++ulysses) {
        if (ranks % ulysses == 0) {
            all.push_back({ulysses});
        }
    }
    return all.empty() ? std::vector<StrategyOptions>{{}} : all;
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

namespace {

void require_no(const std::string& reason) {
    if (!reason.empty()) {
        throw Error(ErrorKind::infeasible, reason);
    }
}

}  // namespace

void require_feasible(const StrategyEntry& strategy, const AttentionShape& shape, std::int64_t ranks, Pass pass,
                      const StrategyOptions& options) {
    require_no(strategy.infeasible(shape, ranks, pass, options));
}

void require_feasible(const StrategyEntry& strategy, const StrategyInput& input, Pass pass) {
    require_no(strategy.infeasible(input, pass));
}

const StrategyEntry& find_strategy(std::string_view name) {
    return find_entry(strategies(), name, "layout.strategy", "a strategy");
}

}  // namespace longscope
