// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/leaves/slab_limit.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/units.h"

namespace longscope {

void check_slab_zones(const ZoneList& zones, const std::string& path) {
    std::vector<std::int64_t> cuts;
    cuts.reserve(2 * zones.size());
    for (const Zone& zone : zones) {
        cuts.push_back(zone.q.begin);
        cuts.push_back(zone.q.end);
    }
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::int64_t pieces = 0;
    for (const Zone& zone : zones) {
        pieces += std::lower_bound(cuts.begin(), cuts.end(), zone.q.end) -
                  std::lower_bound(cuts.begin(), cuts.end(), zone.q.begin);
    }
    if (pieces > max_zones) {
        throw bad_input(path, fmt::format("{} pieces of zones", format_count(pieces)), "are too many",
                        fmt::format("at most {}, where every zone is cut at each row at which another one begins or "
                                    "ends",
                                    format_count(max_zones)));
    }
}

}  // namespace longscope
