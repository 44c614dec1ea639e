// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/report/rows_without_keys.h"

#include <algorithm>

#include "engine/mask/bitmap_mask.h"

namespace longscope {

RowsWithoutKeys rows_without_keys(const ZoneSet& set, const Mask& mask) {
    return rows_without_keys(set, mask, {0, mask.query_tokens()});
}

RowsWithoutKeys rows_without_keys(const LazyMask& mask) {
    RowsWithoutKeys all;
    if (bitmap_of(mask) != nullptr) {
        // Its zones may be as many as its pairs.
        for (std::int64_t row = 0; row < mask.query_tokens(); ++row) {
            if (mask.pairs_in({{row, row + 1}, mask.box().k}) == 0) {
                all.first = all.count == 0 ? row : all.first;
                ++all.count;
            }
        }
        return all;
    }
    ZoneSet set;
    for (std::int64_t i = 0; i < mask.slabs(); ++i) {
        mask.zones_in(mask.slab(i), set);
        const RowsWithoutKeys found = rows_without_keys(set, mask, mask.slab(i));
        all.first = all.count == 0 ? found.first : all.first;
        all.count += found.count;
    }
    return all;
}

RowsWithoutKeys rows_without_keys(const ZoneSet& set, const Mask& mask, Range all_rows) {
    // Every row of a tight zone has a pair.
    std::vector<Range> seeing;
    seeing.reserve(set.zones.size() + 1);
    for (const Zone& zone : set.zones) {
        seeing.push_back(zone.q);
    }
    std::sort(seeing.begin(), seeing.end(), [](Range a, Range b) { return a.begin < b.begin; });
    seeing.push_back({all_rows.end, all_rows.end});
    RowsWithoutKeys found;
    std::int64_t row = all_rows.begin;
    for (const Range rows : seeing) {
        if (rows.begin > row && set.striped.empty()) {
            found.first = found.count == 0 ? row : found.first;
            found.count += rows.begin - row;
        }
        for (; !set.striped.empty() && row < rows.begin; ++row) {
            if (mask.pairs_in({{row, row + 1}, {0, mask.key_tokens()}}) == 0) {
                found.first = found.count == 0 ? row : found.first;
                ++found.count;
            }
        }
        row = std::max(row, rows.end);
    }
    return found;
}

}  // namespace longscope
