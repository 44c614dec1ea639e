// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/mask/leaves/leaf_support.h"
#include "engine/mask/leaves/slab_limit.h"
#include "engine/mask/shared_pair.h"

namespace longscope {

namespace {

struct Slices {
    std::vector<std::vector<std::int64_t>> q_ranges;
    std::vector<std::vector<std::int64_t>> k_ranges;
    std::vector<std::string> types;
};

constexpr const char* known_types = "full, causal, inverse_causal, bicausal";

std::vector<std::string> checked_types(JsonObject& parameters) {
    const Json& list = parameters.required("types", "a list of texts");
    const std::string path = parameters.path_of("types");
    if (!list.is_array() || list.empty() || list.size() > static_cast<std::size_t>(max_list_entries)) {
        throw bad_input(path, list.is_array() ? fmt::format("a list of {} entries", list.size()) : shown(list),
                        "is not a list of types", fmt::format("a list of 1 to {} texts", max_list_entries));
    }
    std::vector<std::string> types;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i] != "full" && list[i] != "causal" && list[i] != "inverse_causal" && list[i] != "bicausal") {
            throw bad_input(fmt::format("{}[{}]", path, i), shown(list[i]), "is not known", known_types);
        }
        types.push_back(list[i].get<std::string>());
    }
    return types;
}

void check_ranges(const std::vector<std::vector<std::int64_t>>& ranges, const std::string& path) {
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        if (ranges[i].size() != 2 || ranges[i][0] >= ranges[i][1]) {
            throw bad_input(fmt::format("{}[{}]", path, i), Json(ranges[i]).dump(), "is not a range",
                            "[begin, end] with begin < end");
        }
    }
}

// Causal is aligned at the slice's bottom right corner, inverse causal at its top left one.
Zone zone_of(Range q, Range k, const std::string& type) {
    Zone zone = box_zone({q, k});
    if (type == "causal" || type == "bicausal") {
        zone.d.end = std::min(zone.d.end, k.end - q.end + 1);
    }
    if (type == "inverse_causal" || type == "bicausal") {
        zone.d.begin = std::max(zone.d.begin, k.begin - q.begin);
    }
    return tightened(zone);
}

}  // namespace

std::shared_ptr<const MaskLeaf> parse_slices_leaf(JsonObject parameters) {
    Slices slices{checked_integer_lists(parameters, "q_ranges", 0, max_tokens, 2),
                  checked_integer_lists(parameters, "k_ranges", 0, max_tokens, 2), checked_types(parameters)};
    check_ranges(slices.q_ranges, parameters.path_of("q_ranges"));
    check_ranges(slices.k_ranges, parameters.path_of("k_ranges"));
    parameters.finish();
    const std::size_t count = slices.q_ranges.size();
    if (slices.k_ranges.size() != count || slices.types.size() != count) {
        throw bad_input(parameters.path_of("types"),
                        fmt::format("{} query ranges, {} key ranges and {} types", count, slices.k_ranges.size(),
                                    slices.types.size()),
                        "do not belong together", "lists of the same length");
    }
    Json written{{"q_ranges", slices.q_ranges}, {"k_ranges", slices.k_ranges}, {"types", slices.types}};
    return make_leaf(std::move(written),
                     [slices = std::move(slices)](const MaskDomain& domain, const std::string& path) {
                         ZoneList zones;
                         for (std::size_t i = 0; i < slices.types.size(); ++i) {
                             const Range q{slices.q_ranges[i][0], slices.q_ranges[i][1]};
                             const Range k{slices.k_ranges[i][0], slices.k_ranges[i][1]};
                             check_at_most(fmt::format("{}.q_ranges[{}][1]", path, i), q.end, 0, domain.query_tokens);
                             check_at_most(fmt::format("{}.k_ranges[{}][1]", path, i), k.end, 0, domain.key_tokens);
                             zones.push_back(zone_of(q, k, slices.types[i]));
                         }
                         check_slab_zones(zones, path);
                         check_disjoint(zones, path + ".q_ranges");
                         return zones;
                     });
}

}  // namespace longscope
