// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/report/rows_without_keys.h"

#include <algorithm>

namespace longscope {

RowsWithoutKeys rows_without_keys(const ZoneSet& set, const Mask& mask) {
    // Every row of a tight zone has a pair.
    std::vector<Range> seeing;
    seeing.reserve(set.zones.size() + 1);
    for (const Zone& zone : set.zones) {
        seeing.push_back(zone.q);
    }
    std::sort(seeing.begin(), seeing.end(), [](Range a, Range b) { return a.begin < b.begin; });
    seeing.push_back({mask.query_tokens(), mask.query_tokens()});
    RowsWithoutKeys found;
    std::int64_t row = 0;
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
