// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/token_set.h"

#include <algorithm>

namespace longscope {

TokenSet::TokenSet(std::vector<Range> ranges) {
    const auto before = [](Range a, Range b) { return a.begin < b.begin; };
    std::erase_if(ranges, [](Range range) { return range.empty(); });
    if (!std::is_sorted(ranges.begin(), ranges.end(), before)) {
        std::sort(ranges.begin(), ranges.end(), before);
    }
    ranges_ = std::move(ranges);
    starts_.reserve(ranges_.size());
    std::size_t kept = 0;
    for (const Range range : ranges_) {
        if (kept > 0 && ranges_[kept - 1].end == range.begin) {
            ranges_[kept - 1].end = range.end;
        } else {
            starts_.push_back(size_);
            ranges_[kept++] = range;
        }
        size_ += range.size();
    }
    ranges_.resize(kept);
}

TokenSet TokenSet::every(std::int64_t first, std::int64_t step, std::int64_t end) {
    if (step == 1 || first >= end) {
        return TokenSet({{first, end}});
    }
    TokenSet set;
    set.rule_ = {first, step, (end - first + step - 1) / step};
    set.size_ = set.rule_.count;
    return set;
}

std::int64_t TokenSet::position(std::int64_t local) const {
    if (is_rule()) {
        return rule_.at(local);
    }
    const auto index =
        static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), local) - starts_.begin() - 1);
    return ranges_[index].begin + (local - starts_[index]);
}

std::pair<std::size_t, std::size_t> TokenSet::ranges_meeting(Range positions) const {
    if (is_rule()) {
        const Range met = local(positions);
        return {static_cast<std::size_t>(met.begin), static_cast<std::size_t>(std::max(met.begin, met.end))};
    }
    const auto first = std::upper_bound(ranges_.begin(), ranges_.end(), positions.begin,
                                        [](std::int64_t value, Range range) { return value < range.end; });
    const auto last = std::lower_bound(first, ranges_.end(), positions.end,
                                       [](Range range, std::int64_t value) { return range.begin < value; });
    return {static_cast<std::size_t>(first - ranges_.begin()), static_cast<std::size_t>(last - ranges_.begin())};
}

std::int64_t TokenSet::count_before(std::int64_t position) const {
    if (is_rule()) {
        return rule_.count_before(position);
    }
    const auto found = std::upper_bound(ranges_.begin(), ranges_.end(), position,
                                        [](std::int64_t value, Range range) { return value < range.begin; });
    if (found == ranges_.begin()) {
        return 0;
    }
    const auto index = static_cast<std::size_t>(found - ranges_.begin() - 1);
    return starts_[index] + std::min(position, ranges_[index].end) - ranges_[index].begin;
}

}  // namespace longscope
