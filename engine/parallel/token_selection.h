// SPDX-License-Identifier: GPL-3.0-or-later
// Token sets that a schedule names beside those of the dispatch: made of these, so that they take little room in it.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/token_set.h"

namespace longscope {

// The tokens that some ranks hold together; where `within` is given, those of them at positions in these ranges.
struct TokenSelection {
    std::vector<std::int64_t> ranks;  // ascending
    std::vector<Range> within;        // ascending, disjoint

    [[nodiscard]] bool operator==(const TokenSelection&) const = default;
};

// `tokens` are the dispatch's sets by rank.
[[nodiscard]] TokenSet select_tokens(const TokenSelection& selection, const std::vector<TokenSet>& tokens);

}  // namespace longscope
