// SPDX-License-Identifier: GPL-3.0-or-later
// An attention problem whose tokens are given to ranks.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/parallel/dispatch.h"
#include "engine/parallel/strategy.h"
#include "tests/support/attention_case.h"

namespace longscope {

// Tokens that see one another by a mask; no documents: one.
inline AttentionCase self_attention(const AttentionShape& shape, std::int64_t tokens,
                                    std::vector<std::int64_t> cu_seqlens, std::string mask) {
    AttentionCase problem;
    problem.shape = shape;
    problem.domain = {tokens, tokens, std::move(cu_seqlens)};
    problem.mask_json = std::move(mask);
    return problem;
}

struct DispatchedCase {
    DispatchedCase(AttentionCase c, const std::string& dispatch, std::int64_t ranks)
        : problem(std::move(c)),
          masks(problem.masks()),
          sequence{problem.domain.query_tokens, problem.domain.cu_seqlens},
          tokens(dispatch_tokens(find_dispatch(dispatch), {sequence, &masks, problem.shape.query_heads}, ranks)) {}

    [[nodiscard]] StrategyInput input(std::int64_t rank) const {
        return {problem.shape, masks, tokens, rank, options, nullptr};
    }
    [[nodiscard]] std::int64_t ranks() const { return static_cast<std::int64_t>(tokens.size()); }

    StrategyOptions options = {};
    AttentionCase problem;
    HeadMasks masks;
    PackedSequence sequence;
    std::vector<TokenSet> tokens;
};

// What a strategy can be asked for in this layout and serves there, beginning with nothing at all.
inline std::vector<StrategyOptions> feasible_options(const StrategyEntry& strategy, const DispatchedCase& c,
                                                     Pass pass) {
    std::vector<StrategyOptions> asked = strategy.choices(c.problem.shape, c.ranks());
    if (asked.front() != StrategyOptions()) {
        asked.insert(asked.begin(), StrategyOptions());
    }
    StrategyInput input = c.input(0);
    std::erase_if(asked, [&](const StrategyOptions& options) {
        input.options = options;
        return !strategy.infeasible(input, pass).empty();
    });
    return asked;
}

}  // namespace longscope
