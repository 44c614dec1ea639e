// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_shifted_groups_leaf(JsonObject parameters) {
    const std::int64_t group = parameters.integer("group", 1, max_tokens);
    const std::int64_t shift = parameters.integer("shift", 0, group - 1);
    const bool guard = parameters.boolean("guard");
    parameters.finish();
    return make_leaf({{"group", group}, {"shift", shift}, {"guard", guard}},
                     [=](const MaskDomain& domain, const std::string& path) {
                         const std::int64_t tokens = domain.key_tokens;
                         check_at_most(path + ".shift", shift, 0, tokens - 1);
                         check_zone_count(ceil_divided(tokens, group) + 3, path);
                         ZoneList zones;
                         for (std::int64_t begin = 0; begin < tokens; begin += group) {
                             // Rolled by the shift; the part beyond the end comes from the beginning.
                             const Range rolled{begin + shift, std::min(begin + group, tokens) + shift};
                             const Range here = intersect(rolled, Range{0, tokens});
                             const Range wrapped{std::max(rolled.begin, tokens) - tokens, rolled.end - tokens};
                             zones.push_back(box_at(domain, here, here));
                             zones.push_back(box_at(domain, wrapped, wrapped));
                             if (!guard) {
                                 zones.push_back(box_at(domain, here, wrapped));
                                 zones.push_back(box_at(domain, wrapped, here));
                             }
                         }
                         return zones;
                     });
}

}  // namespace longscope
