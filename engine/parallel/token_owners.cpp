// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/token_owners.h"

#include <algorithm>
#include <array>

namespace longscope {

namespace {

constexpr std::int32_t nobody = -1;
constexpr std::int64_t block = 16 * 1024;  // tokens that are looked at together

}  // namespace

// The ranges are sorted by their places: block by block, each is noted where it begins. In striped sets every token is
// a range.
TokenOwners::TokenOwners(const std::vector<TokenSet>& ranks) : ranks_(static_cast<std::int64_t>(ranks.size())) {
    constexpr std::int32_t no_change = -2;
    std::array<std::int32_t, block> changes;
    changes.fill(no_change);
    std::vector<std::size_t> next(ranks.size());
    const auto next_token = [&] {
        std::int64_t token = max_tokens;
        for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
            if (next[rank] < ranks[rank].ranges().size()) {
                token = std::min(token, ranks[rank].ranges()[next[rank]].begin);
            }
        }
        return token;
    };
    std::int64_t end = 0;  // of the last range so far
    const auto close = [&] {
        if (!runs_.empty() && runs_.back().rank != nobody) {
            runs_.push_back({static_cast<std::int32_t>(end), nobody});
        }
    };
    for (std::int64_t first = next_token(); first < max_tokens; first = next_token()) {
        if (first > end) {
            close();
        }
        for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
            const TokenRanges ranges = ranks[rank].ranges();
            for (; next[rank] < ranges.size() && ranges[next[rank]].begin < first + block; ++next[rank]) {
                const Range tokens = ranges[next[rank]];
                changes[static_cast<std::size_t>(tokens.begin - first)] = static_cast<std::int32_t>(rank);
                if (tokens.end < first + block) {
                    std::int32_t& after = changes[static_cast<std::size_t>(tokens.end - first)];
                    after = after == no_change ? nobody : after;
                }
                end = std::max(end, tokens.end);
            }
        }
        for (std::int64_t i = 0; i < block; ++i) {
            std::int32_t& change = changes[static_cast<std::size_t>(i)];
            if (change != no_change) {
                runs_.push_back({static_cast<std::int32_t>(first + i), change});
            }
            change = no_change;
        }
    }
    close();
}

std::size_t TokenOwners::first_run_after(std::int64_t token) const {
    const auto found = std::partition_point(runs_.begin(), runs_.end(), [&](Run run) { return run.begin <= token; });
    return static_cast<std::size_t>(found - runs_.begin());
}

std::optional<std::int64_t> TokenOwners::rank_of(std::int64_t token) const {
    return rank_of_all({token, token + 1});
}

std::optional<std::int64_t> TokenOwners::rank_of_all(Range tokens) const {
    const std::size_t after = first_run_after(tokens.begin);
    if (after == 0 || after == runs_.size() || runs_[after - 1].rank == nobody || runs_[after].begin < tokens.end) {
        return std::nullopt;
    }
    return runs_[after - 1].rank;
}

}  // namespace longscope
