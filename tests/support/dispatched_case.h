// SPDX-License-Identifier: GPL-3.0-or-later
// An attention problem whose tokens are given to ranks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/parallel/dispatch.h"
#include "engine/parallel/strategy.h"
#include "tests/support/attention_case.h"

namespace longscope {

struct DispatchedCase {
    DispatchedCase(AttentionCase c, const std::string& dispatch, std::int64_t ranks)
        : problem(std::move(c)),
          mask(problem.mask()),
          sequence{problem.domain.query_tokens, problem.domain.cu_seqlens},
          tokens(dispatch_tokens(find_dispatch(dispatch), sequence, ranks)) {}

    [[nodiscard]] StrategyInput input(std::int64_t rank) const { return {problem.shape, *mask, tokens, rank}; }
    [[nodiscard]] std::int64_t ranks() const { return static_cast<std::int64_t>(tokens.size()); }

    AttentionCase problem;
    std::unique_ptr<Mask> mask;
    PackedSequence sequence;
    std::vector<TokenSet> tokens;
};

}  // namespace longscope
