// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_last_queries_leaf(JsonObject parameters) {
    const std::int64_t tokens = parameters.integer("tokens", 1, max_tokens);
    parameters.finish();
    return make_leaf({{"tokens", tokens}}, [=](const MaskDomain& domain, const std::string& path) -> ZoneList {
        check_at_most(path + ".tokens", tokens, 1, domain.key_tokens);
        return {box_at(domain, {domain.key_tokens - tokens, domain.key_tokens}, {0, domain.key_tokens})};
    });
}

}  // namespace longscope
