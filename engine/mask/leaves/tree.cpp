// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include <fmt/format.h>
#include <algorithm>

#include "engine/base/error.h"
#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

namespace {

// A node whose parent is the one before it goes on with that one's path: a path is a triangle, and each piece of an
// ancestral path a box.
ZoneList tree_zones(const MaskDomain& domain, const std::vector<std::int64_t>& parents, const std::string& path) {
    const auto nodes = static_cast<std::int64_t>(parents.size());
    if (nodes > domain.key_tokens) {
        throw bad_input(path + ".parents", fmt::format("a tree of {} nodes", nodes), "is larger than the sequence",
                        fmt::format("at most {} nodes", domain.key_tokens));
    }
    const std::int64_t prefix = domain.key_tokens - nodes;
    ZoneList zones{causal_at(domain, {domain.diagonal(), prefix}, {0, prefix}),
                   box_at(domain, {prefix, domain.key_tokens}, {0, prefix})};
    std::vector<std::int64_t> path_begin(parents.size());
    for (std::int64_t begin = 0, end = 0; begin < nodes; begin = end) {
        for (end = begin + 1; end < nodes && parents[static_cast<std::size_t>(end)] == end - 1; ++end) {
        }
        std::fill(path_begin.begin() + begin, path_begin.begin() + end, begin);
        const Range rows{prefix + begin, prefix + end};
        zones.push_back(causal_at(domain, rows, rows));
        for (std::int64_t node = parents[static_cast<std::size_t>(begin)]; node >= 0;) {
            const std::int64_t first = path_begin[static_cast<std::size_t>(node)];
            zones.push_back(box_at(domain, rows, {prefix + first, prefix + node + 1}));
            node = parents[static_cast<std::size_t>(first)];
        }
        check_zone_count(static_cast<std::int64_t>(zones.size()), path);
    }
    return zones;
}

}  // namespace

std::shared_ptr<const MaskLeaf> parse_tree_leaf(JsonObject parameters) {
    const std::vector<std::int64_t> parents = checked_integers(parameters, "parents", -1, max_list_entries, 1);
    for (std::size_t node = 0; node < parents.size(); ++node) {
        if (parents[node] >= static_cast<std::int64_t>(node)) {
            throw bad_input(fmt::format("{}[{}]", parameters.path_of("parents"), node), std::to_string(parents[node]),
                            "does not come before its child", "the index of an earlier node, or -1 for a root");
        }
    }
    parameters.finish();
    return make_leaf({{"parents", parents}}, [parents](const MaskDomain& domain, const std::string& path) {
        return tree_zones(domain, parents, path);
    });
}

}  // namespace longscope
