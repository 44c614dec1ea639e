// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/random.h"
#include "engine/base/units.h"
#include "engine/mask/leaves/leaf_support.h"
#include "engine/mask/mask_of_zones.h"

namespace longscope {

namespace {

// Cut into slabs, each block of keys has a zone in every row of blocks that still sees it: half of them in the mean.
constexpr std::int64_t max_slab_zones = std::int64_t{1} << 20;
// Beyond, rows ask the zones of many blocks that they do not meet; memory grows with the blocks alone.
constexpr std::int64_t max_blocks = std::int64_t{1} << 20;

class EvictionLeaf final : public MaskLeaf {
  public:
    EvictionLeaf(std::int64_t block, std::int64_t seed) : block_(block), seed_(seed) {}

    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& path) const override {
        const std::int64_t blocks = ceil_divided(domain.key_tokens, block_);
        if (blocks > max_blocks) {
            throw bad_input(path, fmt::format("{} blocks", format_count(blocks)), "are too many",
                            fmt::format("at most {}: larger ones, or a shorter sequence", format_count(max_blocks)));
        }
        RandomStream random(static_cast<std::uint64_t>(seed_), 0);
        ZoneList zones;
        for (std::int64_t i = 0; i < blocks; ++i) {
            const std::int64_t evicted =
                i + 1 + static_cast<std::int64_t>(random.next_below(static_cast<std::uint64_t>(blocks - i)));
            zones.push_back(causal_at(domain, {i * block_, std::min(evicted * block_, domain.key_tokens)},
                                      {i * block_, (i + 1) * block_}));
        }
        return zones;
    }
    [[nodiscard]] ZoneTree tree(const MaskDomain& domain, const std::string& path) const override {
        const std::int64_t blocks = ceil_divided(domain.key_tokens, block_);
        if (blocks <= max_blocks && blocks * (blocks / 4 + 1) > max_slab_zones) {
            return ZoneTree::of(mask_of_zones(domain.query_tokens, domain.key_tokens, zones(domain, path)));
        }
        return MaskLeaf::tree(domain, path);
    }
    [[nodiscard]] Json parameters() const override { return {{"block", block_}, {"seed", seed_}}; }

  private:
    std::int64_t block_;
    std::int64_t seed_;
};

}  // namespace

std::shared_ptr<const MaskLeaf> parse_random_eviction_leaf(JsonObject parameters) {
    const std::int64_t block = parameters.integer("block", 1, max_tokens);
    const std::int64_t seed = parameters.integer("seed", 0, max_tokens);
    parameters.finish();
    return std::make_shared<EvictionLeaf>(block, seed);
}

}  // namespace longscope
