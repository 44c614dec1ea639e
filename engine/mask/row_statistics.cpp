// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/row_statistics.h"

#include <algorithm>
#include <limits>

#include "engine/mask/zone_mask.h"

namespace longscope {

namespace {

// The number of keys of a row is a sum of functions, one a zone, that are linear between the rows where the zone
// begins, ends, or one of its sides gives way to its diagonal. The least and the most keys stand at such rows or beside
// them.
std::vector<std::int64_t> rows_with_extremes(const ZoneMask& mask) {
    std::vector<std::int64_t> turns{0, mask.query_tokens() - 1};
    for (const Zone& zone : mask.zones()) {
        turns.insert(turns.end(), {zone.q.begin, zone.q.end, zone.k.begin - zone.d.begin, zone.k.end - zone.d.begin,
                                   zone.k.begin - zone.d.end, zone.k.end - zone.d.end});
    }
    std::vector<std::int64_t> rows;
    rows.reserve(turns.size() * 3);
    for (const std::int64_t turn : turns) {
        rows.insert(rows.end(), {turn - 1, turn, turn + 1});
    }
    std::erase_if(rows, [&](std::int64_t row) { return row < 0 || row >= mask.query_tokens(); });
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
}

}  // namespace

RowStatistics row_statistics(const Mask& mask) {
    if (mask.query_tokens() == 0) {
        return {};
    }
    RowStatistics result{std::numeric_limits<std::int64_t>::max(), 0,
                         static_cast<double>(mask.pairs()) / static_cast<double>(mask.query_tokens())};
    const auto visit = [&](std::int64_t row) {
        const std::int64_t keys = mask.pairs_in({{row, row + 1}, {0, mask.key_tokens()}});
        result.min_keys = std::min(result.min_keys, keys);
        result.max_keys = std::max(result.max_keys, keys);
    };
    if (const auto* zones = dynamic_cast<const ZoneMask*>(&mask)) {
        for (const std::int64_t row : rows_with_extremes(*zones)) {
            visit(row);
        }
    } else {
        for (std::int64_t row = 0; row < mask.query_tokens(); ++row) {
            visit(row);
        }
    }
    return result;
}

}  // namespace longscope
