// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_block_causal_leaf(JsonObject parameters) {
    const std::int64_t block = parameters.integer("block", 1, max_tokens);
    parameters.finish();
    return make_leaf({{"block", block}}, [=](const MaskDomain& domain, const std::string& path) {
        const std::int64_t first = std::max<std::int64_t>(domain.diagonal(), 0) / block;
        const std::int64_t end = ceil_divided(domain.key_tokens, block);
        check_zone_count(end - first, path);
        ZoneList zones;
        for (std::int64_t i = first; i < end; ++i) {
            zones.push_back(box_at(domain, {i * block, (i + 1) * block}, {0, (i + 1) * block}));
        }
        return zones;
    });
}

}  // namespace longscope
