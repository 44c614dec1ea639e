// SPDX-License-Identifier: GPL-3.0-or-later
// Parts of a sequence that differ in length, so that a transfer's size tells whose tokens it has.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/dispatched_case.h"

namespace longscope {

// Rank r holds 100 + r tokens, in the order of the sequence.
inline DispatchedCase uneven_case(std::int64_t ranks, const AttentionShape& shape, const std::string& mask) {
    std::vector<TokenSet> tokens;
    std::int64_t at = 0;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
        tokens.push_back(TokenSet({{at, at + 100 + rank}}));
        at += 100 + rank;
    }
    AttentionCase problem;
    problem.shape = shape;
    problem.domain = {at, at, {}};
    problem.mask_json = mask;
    DispatchedCase c(std::move(problem), "contiguous", ranks);
    c.tokens = std::move(tokens);
    return c;
}

}  // namespace longscope
