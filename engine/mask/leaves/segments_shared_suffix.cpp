// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_segments_shared_suffix_leaf(JsonObject parameters) {
    const std::int64_t segment = parameters.integer("segment", 1, max_tokens);
    const std::int64_t suffix = parameters.integer("suffix", 1, max_tokens);
    parameters.finish();
    return make_leaf({{"segment", segment}, {"suffix", suffix}},
                     [=](const MaskDomain& domain, const std::string& path) {
                         check_at_most(path + ".suffix", suffix, 1, domain.key_tokens);
                         const std::int64_t end = domain.key_tokens - suffix;
                         check_zone_count(ceil_divided(end, segment) + 1, path);
                         ZoneList zones;
                         for (std::int64_t begin = 0; begin < end; begin += segment) {
                             const Range tokens{begin, std::min(begin + segment, end)};
                             zones.push_back(causal_at(domain, tokens, tokens));
                         }
                         zones.push_back(causal_at(domain, {end, domain.key_tokens}, {0, domain.key_tokens}));
                         return zones;
                     });
}

}  // namespace longscope
