// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/range_sets.h"

#include <algorithm>
#include <utility>

namespace longscope {

RangeSet common_ranges(const RangeSet& a, const RangeSet& b) {
    RangeSet common;
    for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
        if (const Range part = intersect(*x, *y); !part.empty()) {
            common.push_back(part);
        }
        if (x->end < y->end) {
            ++x;
        } else {
            ++y;
        }
    }
    return common;
}

RangeSet rest_of_ranges(const RangeSet& a, const RangeSet& b) {
    RangeSet rest;
    auto cut = b.begin();
    for (const Range range : a) {
        std::int64_t begin = range.begin;
        for (; cut != b.end() && cut->end <= begin; ++cut) {
        }
        for (auto at = cut; at != b.end() && at->begin < range.end; ++at) {
            if (begin < at->begin) {
                rest.push_back({begin, at->begin});
            }
            begin = std::max(begin, at->end);
        }
        if (begin < range.end) {
            rest.push_back({begin, range.end});
        }
    }
    return rest;
}

RangeSet joined_ranges(RangeSet ranges) {
    std::size_t kept = 0;
    for (const Range range : ranges) {
        if (kept > 0 && range.begin <= ranges[kept - 1].end) {
            ranges[kept - 1].end = std::max(ranges[kept - 1].end, range.end);
        } else {
            ranges[kept++] = range;
        }
    }
    ranges.resize(kept);
    return ranges;
}

RangeSet united_ranges(const RangeSet& a, const RangeSet& b) {
    RangeSet all(a.size() + b.size());
    std::merge(a.begin(), a.end(), b.begin(), b.end(), all.begin(), [](Range x, Range y) { return x.begin < y.begin; });
    return joined_ranges(std::move(all));
}

}  // namespace longscope
