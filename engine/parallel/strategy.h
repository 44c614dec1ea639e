// SPDX-License-Identifier: GPL-3.0-or-later
// Strategies write schedules. To add one: a file with its function and its text, one line in strategy_registry.cpp, one
// test line; its section and its picture of the page on strategies are written by `longscope-engine strategies`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mask/head_masks.h"
#include "engine/mask/token_set.h"
#include "engine/parallel/memory_ledger.h"
#include "engine/parallel/schedule.h"
#include "engine/parallel/strategy_options.h"
#include "engine/parallel/strategy_text.h"
#include "engine/parallel/token_counts.h"
#include "engine/parallel/wire_dtype.h"
#include "engine/tensor/attention_shape.h"

namespace longscope {

// What a strategy works out once for all ranks (StrategyEntry::prepared).
struct StrategyPlan {
    StrategyPlan() = default;
    StrategyPlan(const StrategyPlan&) = default;
    StrategyPlan(StrategyPlan&&) = default;
    StrategyPlan& operator=(const StrategyPlan&) = default;
    StrategyPlan& operator=(StrategyPlan&&) = default;
    virtual ~StrategyPlan() = default;
};

// All that a strategy may look at. References; the caller keeps them alive for the call.
struct StrategyInput {
    const AttentionShape& shape;
    const HeadMasks& masks;
    const std::vector<TokenSet>& tokens;  // of every rank
    std::int64_t rank = 0;
    StrategyOptions options = {};
    std::shared_ptr<const StrategyPlan> plan = {};  // null: the strategy works it out where it needs it
    // So many queries, as decoding has them: the last tokens of the sequence, and every rank has them all. 0: as many
    // as there are tokens, each with the rank that holds it. The masks then have no pairs of other queries.
    std::int64_t query_tokens = 0;

    // Of this rank.
    [[nodiscard]] HeldTokens held() const {
        const std::int64_t own = tokens[static_cast<std::size_t>(rank)].size();
        return {query_tokens > 0 ? query_tokens : own, own};
    }
    [[nodiscard]] std::int64_t ranks() const { return static_cast<std::int64_t>(tokens.size()); }
    [[nodiscard]] WireSizes wire() const { return {options.wire_dtype, shape}; }
};

// Of one rank, by closed formulas: no schedule is written.
struct StrategyTotals {
    std::int64_t bytes_sent = 0;         // payload, to other ranks
    std::int64_t bytes_received = 0;     // payload, from other ranks
    std::int64_t peak_buffer_bytes = 0;  // the most that is held at once beside the rank's own inputs

    [[nodiscard]] bool operator==(const StrategyTotals&) const = default;
};

struct StrategyEntry {
    std::string_view name;
    std::string_view meaning;
    bool has_backward = true;
    bool has_degree = false;  // looks at StrategyOptions::ulysses
    bool has_stages = false;  // looks at StrategyOptions::stages
    // See infeasible().
    std::string (*refusal)(const AttentionShape& shape, std::int64_t ranks, const StrategyOptions& options);
    // The part of one rank in a pass that it has.
    Schedule (*writer)(const StrategyInput& input, Pass pass);
    // What totals() of that schedule must equal, without writing it.
    StrategyTotals (*formula)(const StrategyInput& input, const TokenCounts& tokens, Pass pass);
    // Pairs of all heads that the rank computes, exactly; the same in each pass.
    std::int64_t (*head_pairs)(const StrategyInput& input);
    const StrategyText& text;
    // What else stands in the way: the masks, or what the ranks hold. Asked only where `refusal` has no reason; the
    // same for each rank. Takes time with the ranks and the zones of the masks. Null where nothing can.
    std::string (*layout_refusal)(const StrategyInput& input) = nullptr;
    // See prepared(). Null where each rank works out what it needs.
    std::shared_ptr<const StrategyPlan> (*planner)(const StrategyInput& input) = nullptr;
    // See choices(), of strategies that have other options than a degree.
    std::vector<StrategyOptions> (*candidates)(const AttentionShape& shape, std::int64_t ranks) = nullptr;
    // Serves StrategyInput::query_tokens.
    bool decodes = false;
    // What was planned for all ranks, in a sentence for people. Null where nothing is.
    std::string (*planned)(const StrategyInput& input, Pass pass) = nullptr;

    // Why it cannot serve this shape on so many ranks, in one line; empty when nothing is known against it: a layout
    // may still be in the way.
    [[nodiscard]] std::string infeasible(const AttentionShape& shape, std::int64_t ranks, Pass pass,
                                         const StrategyOptions& options) const;
    // Why it cannot serve this layout; empty when it can. The functions below, and those above, may be called only
    // then.
    [[nodiscard]] std::string infeasible(const StrategyInput& input, Pass pass) const;
    // The same with the plan that all ranks of the layout share: who asks about several saves the time.
    [[nodiscard]] StrategyInput prepared(StrategyInput input) const;
    // All that it can be asked for on so many ranks, feasible or not; of strategies without options, nothing. Degrees
    // are divisors of the ranks that are neither a ring nor all of Ulysses.
    [[nodiscard]] std::vector<StrategyOptions> choices(const AttentionShape& shape, std::int64_t ranks) const;
    [[nodiscard]] Schedule write(Pass pass, const StrategyInput& input) const {
        return with_wire_dtype(writer(input, pass), input.shape, input.options.wire_dtype);
    }
    [[nodiscard]] StrategyTotals totals(Pass pass, const StrategyInput& input, const TokenCounts& tokens) const {
        return formula(input, tokens, pass);
    }
    [[nodiscard]] Schedule forward(const StrategyInput& input) const { return write(Pass::forward, input); }
    [[nodiscard]] Schedule forward_backward(const StrategyInput& input) const {
        return write(Pass::forward_backward, input);
    }
    [[nodiscard]] StrategyTotals forward_totals(const StrategyInput& input, const TokenCounts& tokens) const {
        return formula(input, tokens, Pass::forward);
    }
    [[nodiscard]] StrategyTotals forward_backward_totals(const StrategyInput& input, const TokenCounts& tokens) const {
        return formula(input, tokens, Pass::forward_backward);
    }
};

[[nodiscard]] const std::vector<StrategyEntry>& strategies();

// Throws Error(bad_input) that lists the names.
[[nodiscard]] const StrategyEntry& find_strategy(std::string_view name);

// Throws Error(infeasible) with the strategy's reason when it cannot serve this shape on so many ranks.
void require_feasible(const StrategyEntry& strategy, const AttentionShape& shape, std::int64_t ranks, Pass pass,
                      const StrategyOptions& options);
// The same when it cannot serve this layout.
void require_feasible(const StrategyEntry& strategy, const StrategyInput& input, Pass pass);

[[nodiscard]] std::string always_feasible(const AttentionShape& shape, std::int64_t ranks,
                                          const StrategyOptions& options);

// Of strategies whose ranks compute all heads of the queries that they hold.
[[nodiscard]] std::int64_t head_pairs_of_own_queries(const StrategyInput& input);

// What a rank holds of the backward pass for so many of its tokens: delta and dQ of all heads.
[[nodiscard]] std::int64_t row_gradient_bytes(const AttentionShape& shape, std::int64_t tokens);

[[nodiscard]] Schedule write_all_gather(const StrategyInput& input, Pass pass);
[[nodiscard]] StrategyTotals all_gather_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass);

[[nodiscard]] Schedule write_dist_ca(const StrategyInput& input, Pass pass);
[[nodiscard]] StrategyTotals dist_ca_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass);
[[nodiscard]] std::int64_t dist_ca_head_pairs(const StrategyInput& input);
[[nodiscard]] std::shared_ptr<const StrategyPlan> plan_dist_ca(const StrategyInput& input);

[[nodiscard]] Schedule write_group_cast(const StrategyInput& input, Pass pass);
[[nodiscard]] StrategyTotals group_cast_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass);
[[nodiscard]] std::shared_ptr<const StrategyPlan> plan_group_cast(const StrategyInput& input);
[[nodiscard]] std::string planned_group_cast(const StrategyInput& input, Pass pass);
[[nodiscard]] std::vector<StrategyOptions> group_cast_candidates(const AttentionShape& shape, std::int64_t ranks);

[[nodiscard]] Schedule write_light_seq(const StrategyInput& input, Pass pass);
[[nodiscard]] StrategyTotals light_seq_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass);
[[nodiscard]] std::string light_seq_infeasible(const AttentionShape& shape, std::int64_t ranks,
                                               const StrategyOptions& options);
[[nodiscard]] std::string light_seq_layout_infeasible(const StrategyInput& input);
[[nodiscard]] std::int64_t light_seq_head_pairs(const StrategyInput& input);

[[nodiscard]] Schedule write_ring(const StrategyInput& input, Pass pass);
[[nodiscard]] StrategyTotals ring_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass);

[[nodiscard]] Schedule write_rsa(const StrategyInput& input, Pass pass);
[[nodiscard]] StrategyTotals rsa_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass);
[[nodiscard]] std::string rsa_layout_infeasible(const StrategyInput& input);

[[nodiscard]] Schedule write_split_kv(const StrategyInput& input, Pass pass);
[[nodiscard]] StrategyTotals split_kv_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass);
[[nodiscard]] Schedule write_double_ring(const StrategyInput& input, Pass pass);
[[nodiscard]] StrategyTotals double_ring_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass);
[[nodiscard]] std::string double_ring_infeasible(const AttentionShape& shape, std::int64_t ranks,
                                                 const StrategyOptions& options);
[[nodiscard]] std::int64_t double_ring_head_pairs(const StrategyInput& input);
[[nodiscard]] std::vector<StrategyOptions> double_ring_candidates(const AttentionShape& shape, std::int64_t ranks);

[[nodiscard]] Schedule write_pruned_ring(const StrategyInput& input, Pass pass);
[[nodiscard]] StrategyTotals pruned_ring_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass);

[[nodiscard]] Schedule write_llama3_all_gather(const StrategyInput& input, Pass pass);
[[nodiscard]] StrategyTotals llama3_all_gather_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass);
[[nodiscard]] std::string llama3_all_gather_infeasible(const AttentionShape& shape, std::int64_t ranks,
                                                       const StrategyOptions& options);
[[nodiscard]] std::vector<StrategyOptions> llama3_all_gather_candidates(const AttentionShape& shape,
                                                                        std::int64_t ranks);

[[nodiscard]] Schedule write_tensor_parallel(const StrategyInput& input, Pass pass);
[[nodiscard]] StrategyTotals tensor_parallel_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass);
[[nodiscard]] std::string tensor_parallel_infeasible(const AttentionShape& shape, std::int64_t ranks,
                                                     const StrategyOptions& options);

[[nodiscard]] Schedule write_token_ring(const StrategyInput& input, Pass pass);
[[nodiscard]] StrategyTotals token_ring_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass);
[[nodiscard]] std::int64_t token_ring_head_pairs(const StrategyInput& input);

[[nodiscard]] Schedule write_ulysses(const StrategyInput& input, Pass pass);
[[nodiscard]] StrategyTotals ulysses_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass);
[[nodiscard]] std::string ulysses_infeasible(const AttentionShape& shape, std::int64_t ranks,
                                             const StrategyOptions& options);
[[nodiscard]] std::int64_t ulysses_head_pairs(const StrategyInput& input);

[[nodiscard]] Schedule write_ulysses_uneven(const StrategyInput& input, Pass pass);
[[nodiscard]] StrategyTotals ulysses_uneven_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass);
[[nodiscard]] std::string ulysses_uneven_infeasible(const AttentionShape& shape, std::int64_t ranks,
                                                    const StrategyOptions& options);
[[nodiscard]] std::int64_t ulysses_uneven_head_pairs(const StrategyInput& input);

[[nodiscard]] Schedule write_usp(const StrategyInput& input, Pass pass);
[[nodiscard]] StrategyTotals usp_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass);
[[nodiscard]] std::string usp_infeasible(const AttentionShape& shape, std::int64_t ranks,
                                         const StrategyOptions& options);
[[nodiscard]] std::int64_t usp_head_pairs(const StrategyInput& input);

}  // namespace longscope
