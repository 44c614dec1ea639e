// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_strided_diagonals_leaf(JsonObject parameters) {
    const std::int64_t stride = parameters.integer("stride", 1, max_tokens);
    parameters.finish();
    return make_leaf({{"stride", stride}}, [=](const MaskDomain& domain, const std::string& path) {
        // k - q is from 1 - key_tokens, at the last query, to key_tokens - 1 - diagonal, at the first.
        const std::int64_t first = -((domain.key_tokens - 1) / stride);
        const std::int64_t last = floor_divided(domain.query_tokens - 1, stride);
        check_zone_count(last - first + 1, path);
        ZoneList zones;
        for (std::int64_t step = first; step <= last; ++step) {
            zones.push_back(diagonal_at(domain, step * stride));
        }
        return zones;
    });
}

}  // namespace longscope
