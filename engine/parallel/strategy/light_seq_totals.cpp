// SPDX-License-Identifier: GPL-3.0-or-later
// What LightSeq moves, holds and computes, and what it cannot serve, without writing its schedule.
#include <fmt/format.h>

#include <algorithm>

#include "engine/kernel/partial.h"
#include "engine/mask/local_mask.h"
#include "engine/parallel/strategy.h"
#include "engine/parallel/strategy/light_seq_plan.h"

namespace longscope {

namespace {

using Work = LightSeqWork;

// The bytes of the plan's parts, of one pass.
class LightSeqBytes {
  public:
    LightSeqBytes(const StrategyInput& input, const TokenCounts& tokens, bool backward)
        : plan_(input.ranks(), input.rank),
          tokens_(tokens),
          own_(tokens.of(input.rank)),
          backward_(backward),
          wire_(input.wire()),
          key_values_(input.shape.key_value_bytes_per_token()),
          key_value_gradients_(input.shape.key_value_gradient_bytes_per_token()) {
        const AttentionShape& shape = input.shape;
        constexpr std::int64_t float_bytes = sizeof(float);
        const std::int64_t rows = shape.head_dim_qk + (backward ? shape.head_dim_v : 0);
        rows_ = shape.query_heads * (rows * size_bytes(shape.dtype) + (backward ? 2 * float_bytes : 0));
        row_result_ = backward ? shape.query_heads * shape.head_dim_qk * float_bytes
                               : Partial::size_bytes(shape.query_heads, 1, shape.head_dim_v);
    }

    void add_to(StrategyTotals& sums, std::int64_t kept) const {
        for (std::int64_t t = 0; t < plan_.steps(); ++t) {
            sums.bytes_received += inputs(t) + on_wire(arriving(t));
            sums.bytes_sent += inputs_of_target(t) + on_wire(leaving(t));
            sums.peak_buffer_bytes =
                std::max(sums.peak_buffer_bytes, kept + inputs(t) + inputs(t + 1) + working(t) + leaving(t) +
                                                     leaving(t - 1) + arriving(t) + arriving(t - 1));
        }
    }

  private:
    // What comes in for step t.
    [[nodiscard]] std::int64_t inputs(std::int64_t t) const {
        return t < 1 ? 0 : of(plan_.work(t), key_values_, rows_) * tokens_.of(plan_.source(t));
    }
    [[nodiscard]] std::int64_t inputs_of_target(std::int64_t t) const {
        return of(plan_.work_of_target(t), key_values_, rows_) * own_;
    }
    // Results of step t for another rank, and from one.
    [[nodiscard]] std::int64_t leaving(std::int64_t t) const {
        return t < 1 ? 0 : result_of(plan_.work(t)) * tokens_.of(plan_.source(t));
    }
    [[nodiscard]] std::int64_t arriving(std::int64_t t) const { return result_of(plan_.work_of_target(t)) * own_; }
    // What a helper computes into beside what leaves.
    [[nodiscard]] std::int64_t working(std::int64_t t) const {
        return of(plan_.work(t), 0, backward_ ? key_value_gradients_ * own_ : leaving(t));
    }
    [[nodiscard]] std::int64_t result_of(Work work) const {
        return of(work, backward_ ? key_value_gradients_ : 0, row_result_);
    }
    // Of results.
    [[nodiscard]] std::int64_t on_wire(std::int64_t bytes) const {
        return backward_ ? wire_.gradients(bytes) : wire_.partials(bytes);
    }
    static std::int64_t of(Work work, std::int64_t own, std::int64_t help) {
        return work == Work::own ? own : work == Work::help ? help : 0;
    }

    LightSeqPlan plan_;
    const TokenCounts& tokens_;
    std::int64_t own_;
    bool backward_;
    WireSizes wire_;
    std::int64_t key_values_;  // of a token; so are the others
    std::int64_t key_value_gradients_;
    std::int64_t rows_ = 0;        // what a helper needs of a query
    std::int64_t row_result_ = 0;  // what it sends back
};

// All tokens of neighbouring ranks.
TokenSet tokens_of(const StrategyInput& input, std::int64_t first, std::int64_t end) {
    std::vector<Range> ranges;
    for (std::int64_t rank = first; rank < end; ++rank) {
        const TokenRanges of_rank = input.tokens[static_cast<std::size_t>(rank)].ranges();
        ranges.insert(ranges.end(), of_rank.begin(), of_rank.end());
    }
    return TokenSet(std::move(ranges));
}

}  // namespace

std::string light_seq_infeasible(const AttentionShape& /*shape*/, std::int64_t ranks,
                                 const StrategyOptions& /*options*/) {
    return ranks == 1 || ranks % 2 == 0 ? std::string()
                                        : fmt::format("LightSeq needs an even number of ranks: {} are given", ranks);
}

std::string light_seq_layout_infeasible(const StrategyInput& input) {
    std::int64_t end = 0;  // of the tokens of all ranks so far
    for (std::int64_t rank = 0; rank < input.ranks(); ++rank) {
        const TokenSet& tokens = input.tokens[static_cast<std::size_t>(rank)];
        if (tokens.size() == 0) {
            continue;
        }
        const Range whole{tokens.position(0), tokens.position(tokens.size() - 1) + 1};
        if (whole.size() != tokens.size() || whole.begin < end) {
            return fmt::format(
                "LightSeq needs the tokens in order, one part for each rank (layout.dispatch contiguous): those of "
                "rank {} are {}",
                rank, whole.size() != tokens.size() ? "several parts" : "before those of the rank before it");
        }
        end = whole.end;
        const Box later{whole, {end, input.masks.key_tokens()}};
        for (std::int64_t kind = 0; kind < input.masks.kinds(); ++kind) {
            const Mask& mask = input.masks.kind(kind);
            if (mask.key_extent(whole).end > end && mask.pairs_in(later) > 0) {
                return fmt::format(
                    "LightSeq needs a mask in which no query sees a key of a later rank: tokens {} to {} of rank {} do",
                    whole.begin, whole.end - 1, rank);
            }
        }
    }
    return {};
}

StrategyTotals light_seq_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass) {
    const AttentionShape& shape = input.shape;
    const std::int64_t own = tokens.of(input.rank);
    const std::int64_t partial = Partial::size_bytes(shape.query_heads, own, shape.head_dim_v);
    StrategyTotals sums;
    LightSeqBytes(input, tokens, false).add_to(sums, (input.rank > 0 ? 2 : 1) * partial);
    if (pass == Pass::forward_backward) {
        const bool helped = LightSeqPlan(tokens.ranks(), input.rank).is_helped();
        const std::int64_t lse = helped ? shape.query_heads * own * std::int64_t{sizeof(float)} : 0;
        LightSeqBytes(input, tokens, true)
            .add_to(sums,
                    partial + row_gradient_bytes(shape, own) + own * shape.key_value_gradient_bytes_per_token() + lse);
    }
    return sums;
}

std::int64_t light_seq_head_pairs(const StrategyInput& input) {
    const std::int64_t ranks = input.ranks();
    const Range heads{0, input.shape.query_heads};
    const TokenSet& own = input.tokens[static_cast<std::size_t>(input.rank)];
    const TokenSet keys = tokens_of(input, std::max<std::int64_t>(0, input.rank - ranks / 2), input.rank + 1);
    const TokenSet helped = tokens_of(input, std::min(ranks / 2 + 1 + input.rank, ranks), ranks);
    return LocalMask(input.masks, own, keys).head_pairs(heads) + LocalMask(input.masks, helped, own).head_pairs(heads);
}

const StrategyText light_seq_text{
    "For causal masks over contiguous parts, where ranks with early tokens would be idle: in step s rank r computes "
    "with the keys and values of rank r - s while there is such a rank; from then on it gets the queries of rank N + r "
    "- s, computes them with its own keys and values, and sends output and lse back. N / 2 + 1 steps cover each pair "
    "once. What the next step needs travels during a step; results are merged in the order of the steps, each in the "
    "step after its own. In the formulas s goes from 1 to N / 2, and t_(i) are the tokens of rank i.",
    "The same steps again. Who fetched keys and values fetches them again and sends dK and dV back; helpers get "
    "queries, dO, lse and delta, keep what they compute for their own keys and values, and send dQ back. All gradients "
    "travel in float32.",
    "t_(r-s) k for each s <= r, t_(N+r-s) b Hq Dqk for each s with r < s < N / 2, and t_r p for each s with N - r <= s "
    "< N / 2",
    "t_(r-s) k for each s <= r, t_(N+r-s) Hq (b (Dqk + Dv) + 8) for each s with r < s < N / 2, t_r g for each s < N - "
    "r, and 4 t_r Hq Dqk for each s with N - r <= s < N / 2",
    "2 t_r p, on rank 0 t_r p, and the most of all steps of: what came for it and what comes for the next, as under "
    "received; t_(N+r-s) p where it computes for another rank, and again what leaves to it in this step and left in "
    "the one before; and t_r p where a helper's result arrives in this step, or arrived in the one before. With a "
    "backward pass the most of that and t_r (p + w + g) and, where it is helped, 4 t_r Hq; and the most of all steps "
    "of the same with what is received in the backward pass, results of 4 t Hq Dqk and t g instead of t p, and t_r g "
    "to compute into for another rank",
    "an odd number of ranks but one, a dispatch that gives a rank other than one part, in the order of the ranks "
    "(`contiguous`), or a mask in which a query sees a key of a later rank",
    "Li, Shao et al. 2023 (LightSeq, also DistFlashAttn), arXiv 2310.03294",
    "contiguous",
};

}  // namespace longscope
