// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/token_counts.h"

#include <algorithm>

namespace longscope {

TokenCounts::TokenCounts(const std::vector<TokenSet>& tokens) {
    counts_.reserve(tokens.size());
    for (const TokenSet& set : tokens) {
        counts_.push_back(set.size());
        all_ += set.size();
        before_.push_back(all_);
        largest_ = std::max(largest_, set.size());
    }
}

}  // namespace longscope
