// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_block_window_leaf(JsonObject parameters) {
    const std::int64_t block = parameters.integer("block", 1, max_tokens);
    const std::int64_t left = parameters.integer("left", 0, max_tokens);
    const std::int64_t right = parameters.integer("right", 0, max_tokens);
    parameters.finish();
    return make_leaf(
        {{"block", block}, {"left", left}, {"right", right}}, [=](const MaskDomain& domain, const std::string& path) {
            const std::int64_t blocks = ceil_divided(domain.key_tokens, block);
            check_at_most(path + ".left", left, 0, blocks - 1);
            check_at_most(path + ".right", right, 0, blocks - 1);
            const std::int64_t first = floor_divided(domain.diagonal(), block);
            check_zone_count(blocks - first, path);
            ZoneList zones;
            zones.reserve(static_cast<std::size_t>(blocks - first));
            for (std::int64_t i = first; i < blocks; ++i) {
                zones.push_back(
                    box_at(domain, {i * block, (i + 1) * block}, {(i - left) * block, (i + right + 1) * block}));
            }
            return zones;
        });
}

}  // namespace longscope
