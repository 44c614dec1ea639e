// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/token_owners.h"

#include <algorithm>

namespace longscope {

TokenOwners::TokenOwners(const std::vector<TokenSet>& ranks) : ranks_(static_cast<std::int64_t>(ranks.size())) {
    for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
        for (const Range range : ranks[rank].ranges()) {
            runs_.push_back({range, static_cast<std::int64_t>(rank)});
        }
    }
    std::sort(runs_.begin(), runs_.end(), [](const Run& a, const Run& b) { return a.tokens.begin < b.tokens.begin; });
}

std::size_t TokenOwners::first_run_after(std::int64_t token) const {
    const auto found =
        std::partition_point(runs_.begin(), runs_.end(), [&](const Run& run) { return run.tokens.end <= token; });
    return static_cast<std::size_t>(found - runs_.begin());
}

std::optional<std::int64_t> TokenOwners::rank_of(std::int64_t token) const {
    return rank_of_all({token, token + 1});
}

std::optional<std::int64_t> TokenOwners::rank_of_all(Range tokens) const {
    const std::size_t run = first_run_after(tokens.begin);
    if (run == runs_.size() || runs_[run].tokens.begin > tokens.begin || runs_[run].tokens.end < tokens.end) {
        return std::nullopt;
    }
    return runs_[run].rank;
}

}  // namespace longscope
