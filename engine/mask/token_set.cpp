// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/token_set.h"

#include <algorithm>

namespace longscope {

TokenSet::TokenSet(std::vector<Range> ranges) {
    std::erase_if(ranges, [](Range range) { return range.empty(); });
    std::sort(ranges.begin(), ranges.end(), [](Range a, Range b) { return a.begin < b.begin; });
    for (const Range range : ranges) {
        if (!ranges_.empty() && ranges_.back().end == range.begin) {
            ranges_.back().end = range.end;
        } else {
            starts_.push_back(size_);
            ranges_.push_back(range);
        }
        size_ += range.size();
    }
}

std::int64_t TokenSet::position(std::int64_t local) const {
    const auto index =
        static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), local) - starts_.begin() - 1);
    return ranges_[index].begin + (local - starts_[index]);
}

std::pair<std::size_t, std::size_t> TokenSet::ranges_meeting(Range positions) const {
    const auto first = std::upper_bound(ranges_.begin(), ranges_.end(), positions.begin,
                                        [](std::int64_t value, Range range) { return value < range.end; });
    const auto last = std::lower_bound(first, ranges_.end(), positions.end,
                                       [](Range range, std::int64_t value) { return range.begin < value; });
    return {static_cast<std::size_t>(first - ranges_.begin()), static_cast<std::size_t>(last - ranges_.begin())};
}

std::int64_t TokenSet::count_before(std::int64_t position) const {
    const auto found = std::upper_bound(ranges_.begin(), ranges_.end(), position,
                                        [](std::int64_t value, Range range) { return value < range.begin; });
    if (found == ranges_.begin()) {
        return 0;
    }
    const auto index = static_cast<std::size_t>(found - ranges_.begin() - 1);
    return starts_[index] + std::min(position, ranges_[index].end) - ranges_[index].begin;
}

}  // namespace longscope
