// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/token_selection.h"

#include <algorithm>

namespace longscope {

namespace {

// The ranges of a set that lie in a range of positions, cut to it.
void append_within(const TokenSet& set, Range positions, std::vector<Range>& out) {
    const auto [first, last] = set.ranges_meeting(positions);
    const TokenRanges ranges = set.ranges();
    for (std::size_t i = first; i < last; ++i) {
        out.push_back(intersect(ranges[i], positions));
    }
}

}  // namespace

TokenSet select_tokens(const TokenSelection& selection, const std::vector<TokenSet>& tokens) {
    if (selection.ranks.size() == 1 && selection.within.empty()) {
        return tokens[static_cast<std::size_t>(selection.ranks.front())];
    }
    std::vector<Range> ranges;
    for (const std::int64_t rank : selection.ranks) {
        const TokenSet& set = tokens[static_cast<std::size_t>(rank)];
        if (selection.within.empty()) {
            ranges.insert(ranges.end(), set.ranges().begin(), set.ranges().end());
        }
        for (const Range positions : selection.within) {
            append_within(set, positions, ranges);
        }
    }
    return TokenSet(std::move(ranges));
}

}  // namespace longscope
