// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/mask/leaves/leaf_support.h"
#include "engine/mask/leaves/slab_limit.h"
#include "engine/mask/shared_pair.h"

namespace longscope {

namespace {

Zone zone_of(const std::vector<std::int64_t>& numbers, const MaskDomain& domain, const std::string& field) {
    const Zone zone{{numbers[0], numbers[1]}, {numbers[2], numbers[3]}, {numbers[4], numbers[5]}};
    const Box box = domain.box();
    if (intersect(zone.q, box.q) != zone.q || intersect(zone.k, box.k) != zone.k) {
        throw bad_input(field, Json(numbers).dump(), "is not inside the matrix",
                        fmt::format("{} queries and {} keys", domain.query_tokens, domain.key_tokens));
    }
    const Zone tight = tightened(zone);
    if (tight.empty()) {
        throw bad_input(field, Json(numbers).dump(), "holds no pair",
                        "begins below ends, and a band that meets the box");
    }
    return tight;
}

}  // namespace

std::shared_ptr<const MaskLeaf> parse_zones_leaf(JsonObject parameters) {
    const std::vector<std::vector<std::int64_t>> list =
        checked_integer_lists(parameters, "zones", -max_tokens, max_tokens, 6);
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i].size() != 6) {
            throw bad_input(fmt::format("{}[{}]", parameters.path_of("zones"), i), Json(list[i]).dump(),
                            "is not a zone", "[q begin, q end, k begin, k end, k - q begin, k - q end]");
        }
    }
    parameters.finish();
    return make_leaf({{"zones", list}}, [list](const MaskDomain& domain, const std::string& path) {
        const std::string field = path + ".zones";
        ZoneList zones;
        for (std::size_t i = 0; i < list.size(); ++i) {
            zones.push_back(zone_of(list[i], domain, fmt::format("{}[{}]", field, i)));
        }
        check_slab_zones(zones, path);
        check_disjoint(zones, field);
        return zones;
    });
}

}  // namespace longscope
