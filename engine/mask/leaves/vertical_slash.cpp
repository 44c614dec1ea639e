// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include <algorithm>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

namespace {

void check_below(const std::string& field, const std::vector<Range>& runs, const MaskDomain& domain) {
    if (!runs.empty()) {
        check_at_most(field, runs.back().end - 1, 0, domain.key_tokens - 1);
    }
}

// The rows are cut so finely that the slashes of a cut meet few columns: one zone for each crossing would be too many.
ZoneList vertical_slash_zones(const MaskDomain& domain, const std::vector<Range>& columns,
                              const std::vector<Range>& slashes, const std::string& path) {
    check_below(path + ".columns", columns, domain);
    check_below(path + ".slashes", slashes, domain);
    const auto cuts = static_cast<std::int64_t>(columns.size()) + 1;
    const std::int64_t cut = std::max<std::int64_t>(64, ceil_divided(domain.query_tokens, cuts));
    ZoneList zones;
    for (std::int64_t begin = std::max<std::int64_t>(domain.diagonal(), 0); begin < domain.key_tokens; begin += cut) {
        const Range queries{begin, std::min(begin + cut, domain.key_tokens)};
        for (const Range column : columns) {
            if (column.begin >= queries.end) {
                break;
            }
            zones.push_back(causal_at(domain, queries, column));
        }
        for (const Range slash : slashes) {
            const Range d{1 - slash.end, 1 - slash.begin};
            const Range reach{queries.begin + d.begin, queries.end - 1 + d.end};
            if (reach.end <= 0) {
                break;
            }
            auto column =
                std::partition_point(columns.begin(), columns.end(), [&](Range run) { return run.end <= reach.begin; });
            std::int64_t free = reach.begin;  // from here to the next column
            for (; column != columns.end() && column->begin < reach.end; ++column) {
                zones.push_back(zone_at(domain, queries, {free, column->begin}, d));
                free = column->end;
            }
            zones.push_back(zone_at(domain, queries, {free, reach.end}, d));
        }
        std::erase_if(zones, [](const Zone& zone) { return zone.empty(); });
        check_zone_count(static_cast<std::int64_t>(zones.size()), path);
    }
    return zones;
}

}  // namespace

std::shared_ptr<const MaskLeaf> parse_vertical_slash_leaf(JsonObject parameters) {
    const std::vector<std::int64_t> columns = checked_integers(parameters, "columns", 0, max_tokens, 0);
    const std::vector<std::int64_t> slashes = checked_integers(parameters, "slashes", 0, max_tokens, 0);
    parameters.finish();
    return make_leaf({{"columns", columns}, {"slashes", slashes}},
                     [column_runs = runs_of(columns), slash_runs = runs_of(slashes)](const MaskDomain& domain,
                                                                                     const std::string& path) {
                         return vertical_slash_zones(domain, column_runs, slash_runs, path);
                     });
}

}  // namespace longscope
