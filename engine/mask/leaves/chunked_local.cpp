// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_chunked_local_leaf(JsonObject parameters) {
    const std::int64_t chunk = parameters.integer("chunk", 1, max_tokens);
    parameters.finish();
    return make_leaf({{"chunk", chunk}}, [=](const MaskDomain& domain, const std::string& path) {
        const std::int64_t first = std::max<std::int64_t>(domain.diagonal(), 0) / chunk;
        const std::int64_t end = ceil_divided(domain.key_tokens, chunk);
        check_zone_count(end - first, path);
        ZoneList zones;
        for (std::int64_t i = first; i < end; ++i) {
            const Range tokens{i * chunk, (i + 1) * chunk};
            zones.push_back(box_at(domain, tokens, tokens));
        }
        return zones;
    });
}

}  // namespace longscope
