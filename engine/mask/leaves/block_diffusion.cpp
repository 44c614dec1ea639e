// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

// The layout of a training step of block diffusion: the noisy tokens, then the same tokens clean. A noisy block sees
// itself and the clean blocks before it; a clean one sees the clean blocks up to itself.
std::shared_ptr<const MaskLeaf> parse_block_diffusion_leaf(JsonObject parameters) {
    const std::int64_t block = parameters.integer("block", 1, max_tokens);
    parameters.finish();
    return make_leaf({{"block", block}}, [=](const MaskDomain& domain, const std::string& path) {
        check_square(domain, path);
        if (domain.key_tokens % 2 != 0) {
            throw bad_input(path, fmt::format("a sequence of {} tokens", domain.key_tokens), "has no two halves",
                            "an even number of tokens");
        }
        const std::int64_t half = domain.key_tokens / 2;
        check_zone_count(3 * ceil_divided(half, block), path);
        ZoneList zones;
        zones.reserve(static_cast<std::size_t>(3 * ceil_divided(half, block)));
        for (std::int64_t begin = 0; begin < half; begin += block) {
            const Range noisy{begin, std::min(begin + block, half)};
            zones.push_back(box_zone({noisy, noisy}));
            zones.push_back(box_zone({noisy, {half, half + begin}}));
        }
        for (std::int64_t begin = half; begin < 2 * half; begin += block) {
            const Range clean{begin, std::min(begin + block, 2 * half)};
            zones.push_back(box_zone({clean, {half, clean.end}}));
        }
        return zones;
    });
}

}  // namespace longscope
