// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/branches.h"
#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_parallel_contexts_leaf(JsonObject parameters) {
    const std::int64_t prefix = parameters.integer("prefix", 0, max_tokens);
    const std::vector<std::int64_t> contexts = checked_integers(parameters, "contexts", 1, max_tokens, 1);
    parameters.finish();
    return make_leaf({{"prefix", prefix}, {"contexts", contexts}},
                     [=](const MaskDomain& domain, const std::string& path) {
                         return fork_join_zones(domain, {{prefix}, contexts}, true, path + ".contexts");
                     });
}

}  // namespace longscope
