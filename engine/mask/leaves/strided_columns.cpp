// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

// Columns of one key (Sparse Transformer), or of a block of keys (S2-Attention, LongGen): stride and first then count
// the keys of whole blocks.
std::shared_ptr<const MaskLeaf> parse_strided_columns_leaf(JsonObject parameters) {
    const std::int64_t stride = parameters.integer("stride", 1, max_tokens);
    const std::int64_t first = parameters.integer("first", 0, stride - 1);
    const std::int64_t width = parameters.integer("width", 1, stride - first);
    parameters.finish();
    return make_leaf({{"stride", stride}, {"first", first}, {"width", width}},
                     [=](const MaskDomain& domain, const std::string& path) {
                         check_zone_count(ceil_divided(domain.key_tokens - first, stride), path);
                         ZoneList zones;
                         for (std::int64_t key = first; key < domain.key_tokens; key += stride) {
                             const Range columns{key, std::min(key + width, domain.key_tokens)};
                             zones.push_back(box_zone({{0, domain.query_tokens}, columns}));
                         }
                         return zones;
                     });
}

}  // namespace longscope
