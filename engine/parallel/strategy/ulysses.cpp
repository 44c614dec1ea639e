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

}  // namespace longscope
