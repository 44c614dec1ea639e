// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/base/random.h"
#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_random_eviction_leaf(JsonObject parameters) {
    const std::int64_t block = parameters.integer("block", 1, max_tokens);
    const std::int64_t seed = parameters.integer("seed", 0, max_tokens);
    parameters.finish();
    return make_leaf({{"block", block}, {"seed", seed}}, [=](const MaskDomain& domain, const std::string& path) {
        const std::int64_t blocks = ceil_divided(domain.key_tokens, block);
        // Half of the earlier blocks are there in the mean, and each has a zone in each row of blocks.
        check_zone_count(blocks * (blocks / 4 + 1), path);
        RandomStream random(static_cast<std::uint64_t>(seed), 0);
        ZoneList zones;
        for (std::int64_t i = 0; i < blocks; ++i) {
            const std::int64_t evicted =
                i + 1 + static_cast<std::int64_t>(random.next_below(static_cast<std::uint64_t>(blocks - i)));
            zones.push_back(causal_at(domain, {i * block, std::min(evicted * block, domain.key_tokens)},
                                      {i * block, (i + 1) * block}));
        }
        return zones;
    });
}

}  // namespace longscope
