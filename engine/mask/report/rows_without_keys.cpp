// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/report/rows_without_keys.h"

#include <algorithm>

namespace longscope {

RowsWithoutKeys rows_without_keys(const ZoneList& zones, std::int64_t query_tokens) {
    // Every row of a tight zone has a pair.
    std::vector<Range> seeing;
    seeing.reserve(zones.size() + 1);
    for (const Zone& zone : zones) {
        seeing.push_back(zone.q);
    }
    std::sort(seeing.begin(), seeing.end(), [](Range a, Range b) { return a.begin < b.begin; });
    seeing.push_back({query_tokens, query_tokens});
    RowsWithoutKeys found;
    std::int64_t row = 0;
    for (const Range rows : seeing) {
        if (rows.begin > row) {
            found.first = found.count == 0 ? row : found.first;
            found.count += rows.begin - row;
        }
        row = std::max(row, rows.end);
    }
    return found;
}

}  // namespace longscope
