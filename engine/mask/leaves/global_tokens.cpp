// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

// Longformer calls the tokens of both axes its global attention.
std::shared_ptr<const MaskLeaf> parse_global_tokens_leaf(JsonObject parameters) {
    const std::int64_t tokens = parameters.integer("tokens", 1, max_tokens);
    const std::string axis = parameters.choice("axis", {"rows", "columns", "both"});
    parameters.finish();
    return make_leaf({{"tokens", tokens}, {"axis", axis}}, [=](const MaskDomain& domain, const std::string& path) {
        check_at_most(path + ".tokens", tokens, 1, domain.longest());
        const Range all = query_positions(domain);
        const std::int64_t split = std::max(all.begin, tokens);
        ZoneList zones;
        if (axis != "columns") {
            zones.push_back(box_at(domain, {all.begin, split}, {0, domain.key_tokens}));
        }
        if (axis != "rows") {
            zones.push_back(box_at(domain, axis == "both" ? Range{split, all.end} : all, {0, tokens}));
        }
        return zones;
    });
}

}  // namespace longscope
