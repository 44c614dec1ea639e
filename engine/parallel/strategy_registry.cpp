// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/registry.h"
#include "engine/mask/local_mask.h"
#include "engine/parallel/strategy.h"
#include "engine/parallel/strategy/pruned_rounds.h"

namespace longscope {

const std::vector<StrategyEntry>& strategies() {
    static const std::vector<StrategyEntry> entries{
        {.name = "ring",
         .meaning = "keys and values travel from rank to rank, N-1 hops, while each rank computes on what it holds",
         .has_backward = true,
         .refusal = always_feasible,
         .writer = write_ring,
         .formula = ring_totals,
         .head_pairs = head_pairs_of_own_queries,
         .text = ring_text},
        {.name = "all_gather",
         .meaning = "every rank gets all keys and values at once, then computes on them in one piece",
         .has_backward = true,
         .refusal = always_feasible,
         .writer = write_all_gather,
         .formula = all_gather_totals,
         .head_pairs = head_pairs_of_own_queries,
         .text = all_gather_text},
        {.name = "ulysses",
         .meaning = "all ranks exchange tokens for heads: each computes some heads of the whole sequence, then back",
         .has_backward = true,
         .refusal = ulysses_infeasible,
         .writer = write_ulysses,
         .formula = ulysses_totals,
         .head_pairs = ulysses_head_pairs,
         .text = ulysses_text},
        {.name = "usp",
         .meaning = "groups of ranks exchange tokens for heads; keys and values make a ring between the groups",
         .has_backward = true,
         .has_degree = true,
         .refusal = usp_infeasible,
         .writer = write_usp,
         .formula = usp_totals,
         .head_pairs = usp_head_pairs,
         .text = usp_text},
        {.name = "double_ring",
         .meaning = "a ring in windows: inner rounds in each, while the next window's blocks come over outer links",
         .has_backward = true,
         .refusal = double_ring_infeasible,
         .writer = write_double_ring,
         .formula = double_ring_totals,
         .head_pairs = double_ring_head_pairs,
         .text = double_ring_text,
         .candidates = double_ring_candidates},
        {.name = "pruned_ring",
         .meaning = "a ring whose hops carry only the keys and values that somebody further on the round sees",
         .has_backward = true,
         .refusal = always_feasible,
         .writer = write_pruned_ring,
         .formula = pruned_ring_totals,
         .head_pairs = head_pairs_of_own_queries,
         .text = pruned_ring_text,
         .planner = plan_pruned_ring},
        {.name = "llama3_all_gather",
         .meaning = "every rank gets all keys and values, a few heads at a time, the next while it computes",
         .has_backward = true,
         .refusal = llama3_all_gather_infeasible,
         .writer = write_llama3_all_gather,
         .formula = llama3_all_gather_totals,
         .head_pairs = head_pairs_of_own_queries,
         .text = llama3_all_gather_text,
         .candidates = llama3_all_gather_candidates},
        {.name = "group_cast",
         .meaning = "every rank gets just the keys and values that its queries see, while it computes on its own",
         .has_backward = true,
         .has_stages = true,
         .refusal = always_feasible,
         .writer = write_group_cast,
         .formula = group_cast_totals,
         .head_pairs = head_pairs_of_own_queries,
         .text = group_cast_text,
         .planner = plan_group_cast,
         .candidates = group_cast_candidates,
         .planned = planned_group_cast},
        {.name = "token_ring",
         .meaning = "queries travel from rank to rank, their partial results straight back; keys and values stay",
         .has_backward = false,
         .refusal = always_feasible,
         .writer = write_token_ring,
         .formula = token_ring_totals,
         .head_pairs = token_ring_head_pairs,
         .text = token_ring_text},
        {.name = "light_seq",
         .meaning =
             "ranks that early tokens leave idle take queries of late ones, of causal masks over contiguous parts",
         .has_backward = true,
         .refusal = light_seq_infeasible,
         .writer = write_light_seq,
         .formula = light_seq_totals,
         .head_pairs = light_seq_head_pairs,
         .text = light_seq_text,
         .layout_refusal = light_seq_layout_infeasible},
        {.name = "dist_ca",
         .meaning = "queries of busy ranks are computed by idle ones, which get the keys and values that they see",
         .has_backward = true,
         .refusal = always_feasible,
         .writer = write_dist_ca,
         .formula = dist_ca_totals,
         .head_pairs = dist_ca_head_pairs,
         .text = dist_ca_text,
         .planner = plan_dist_ca},
        {.name = "split_kv",
         .meaning =
             "keys and values stay; every rank computes all queries over its own, and sends partial results back",
         .has_backward = false,
         .refusal = always_feasible,
         .writer = write_split_kv,
         .formula = split_kv_totals,
         .head_pairs = token_ring_head_pairs,
         .text = split_kv_text,
         .decodes = true},
        {.name = "ulysses_uneven",
         .meaning = "as ulysses, with query heads that the ranks do not divide: the first ranks compute one more",
         .has_backward = true,
         .refusal = ulysses_uneven_infeasible,
         .writer = write_ulysses_uneven,
         .formula = ulysses_uneven_totals,
         .head_pairs = ulysses_uneven_head_pairs,
         .text = ulysses_uneven_text},
        {.name = "rsa",
         .meaning = "two rings: keys travel until every rank has its whole score rows, then values; no online softmax",
         .has_backward = true,
         .refusal = always_feasible,
         .writer = write_rsa,
         .formula = rsa_totals,
         .head_pairs = head_pairs_of_own_queries,
         .text = rsa_text,
         .layout_refusal = rsa_layout_infeasible},
        {.name = "tensor_parallel",
         .meaning =
             "every rank gets the activations of all tokens and computes some heads; parts of the output are added up",
         .has_backward = true,
         .refusal = tensor_parallel_infeasible,
         .writer = write_tensor_parallel,
         .formula = tensor_parallel_totals,
         .head_pairs = ulysses_head_pairs,
         .text = tensor_parallel_text},
    };
    return entries;
}

std::string StrategyEntry::infeasible(const AttentionShape& shape, std::int64_t ranks, Pass pass,
                                      const StrategyOptions& options) const {
    if (pass == Pass::forward_backward && !has_backward) {
        return fmt::format("{} has no backward pass", name);
    }
    if (options.stages != 0 && !has_stages) {
        return fmt::format("{} has no stages (layout.stages): its transfers are as its ranks lie", name);
    }
    return refusal(shape, ranks, options);
}

std::string StrategyEntry::infeasible(const StrategyInput& input, Pass pass) const {
    if (input.query_tokens > 0 && !decodes) {
        return fmt::format("{} computes as many queries as there are tokens (sequence.query_tokens)", name);
    }
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
