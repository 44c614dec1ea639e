// SPDX-License-Identifier: GPL-3.0-or-later
// Ulysses (Jacobs et al. 2023, "DeepSpeed Ulysses"): an all-to-all turns some tokens of all heads into all tokens of
// some heads; each rank computes its heads over the whole sequence, and a second all-to-all turns the result back. With
// fewer key/value heads than ranks, ranks that share one get a copy each.
//
// Backward: queries, keys, values, output and lse of its heads are kept from the forward pass. An all-to-all brings dO
// of the heads; those of dQ, dK and dV bring the gradients back in float32. Where ranks shared a key/value head, its
// owner adds their parts in the order of the ranks.
#include "engine/parallel/strategy/head_exchange.h"
#include "engine/parallel/strategy/usp.h"

namespace longscope {

std::string ulysses_infeasible(const AttentionShape& shape, std::int64_t ranks, const StrategyOptions& /*options*/) {
    return head_exchange_infeasible("Ulysses", shape, ranks);
}

Schedule write_ulysses(const StrategyInput& input, Pass pass) {
    return write_usp("ulysses", input, {input.ranks(), input.ranks()}, pass);
}

StrategyTotals ulysses_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass) {
    return usp_totals(input, tokens, UspMesh{input.ranks(), input.ranks()}, pass);
}

std::int64_t ulysses_head_pairs(const StrategyInput& input) {
    return input.masks.head_pairs(share_of_heads(input.shape.query_heads, input.ranks(), input.rank));
}

const StrategyText ulysses_text{
    "An all-to-all turns some tokens of all heads into all tokens of some heads; each rank computes its heads over the "
    "whole sequence, so that work is even for every mask and dispatch; a second all-to-all turns outputs and lse back. "
    "A "
    "rank computes h = Hq / N query heads and c = max(1, Hkv / N) key/value heads; with fewer key/value heads than "
    "ranks, "
    "ranks that share one get a copy each.",
    "The queries, keys and values of its heads, their output and lse are kept from the forward pass; an all-to-all "
    "brings "
    "dO. The gradients go back by two more. Where several ranks had a copy of one key/value head, its parts are added "
    "up "
    "in the order of the ranks.",
    "b (t - t_r) (h Dqk + c (Dqk + Dv)) + 4 (N - 1) t_r h (Dv + 1)",
    "b (t - t_r) h Dv + 4 (N - 1) t_r (h Dqk + c (Dqk + Dv))",
    "the most of 2 t q + (t + N t_r) v, t q + (2 t + N t_r) v, t (q + v + r), (2 t + N t_r) r and (t + 2 N t_r) r, "
    "with "
    "q = b h Dqk, v = b c (Dqk + Dv) and r = 4 h (Dv + 1); with a backward pass more, while it computes t (q + v + r + "
    "b h Dv + 4 h (Dqk + 1) + 4 c (Dqk + Dv)) + N t_r r",
    "the query heads do not divide by the ranks, or neither do the key/value heads by the ranks nor the ranks by the "
    "key/value heads",
    "Jacobs et al. 2023 (DeepSpeed Ulysses), arXiv 2309.14509",
    "zigzag",
};

}  // namespace longscope
