// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/branches.h"
#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_fork_join_leaf(JsonObject parameters) {
    const ForkJoinStages stages = checked_integer_lists(parameters, "segments", 1, max_tokens, 1);
    const bool seen = parameters.boolean("branches_seen");
    parameters.finish();
    return make_leaf({{"segments", stages}, {"branches_seen", seen}},
                     [stages, seen](const MaskDomain& domain, const std::string& path) {
                         return fork_join_zones(domain, stages, seen, path + ".segments");
                     });
}

}  // namespace longscope
