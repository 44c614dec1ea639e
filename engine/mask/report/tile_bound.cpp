// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/report/tile_bound.h"

#include <algorithm>

namespace longscope {

double TileBound::speedup_over_full(std::int64_t all_pairs) const {
    return static_cast<double>(all_pairs) / static_cast<double>(touched_pairs);
}

double TileBound::speedup_over_causal() const {
    return static_cast<double>(causal_touched_pairs) / static_cast<double>(touched_pairs);
}

TileBound tile_bound(const Mask& mask, std::int64_t q_tile, std::int64_t k_tile) {
    const std::int64_t keys = mask.key_tokens();
    const std::int64_t diagonal = keys - mask.query_tokens();
    TileBound bound{{q_tile, k_tile}};
    for (std::int64_t q = 0; q < mask.query_tokens(); q += q_tile) {
        const Range rows{q, std::min(q + q_tile, mask.query_tokens())};
        for (const TileRun& run : mask.classify_row_of_tiles(rows, k_tile)) {
            if (run.tile_class == TileClass::empty) {
                bound.tiles.empty += run.tiles.size();
                continue;
            }
            (run.tile_class == TileClass::full ? bound.tiles.full : bound.tiles.partial) += run.tiles.size();
            bound.touched_pairs += rows.size() * (std::min(run.tiles.end * k_tile, keys) - run.tiles.begin * k_tile);
        }
        // The last of the rows sees the keys before this one.
        const std::int64_t causal_end = std::clamp<std::int64_t>(rows.end + diagonal, 0, keys);
        bound.causal_touched_pairs += rows.size() * std::min((causal_end + k_tile - 1) / k_tile * k_tile, keys);
    }
    return bound;
}

}  // namespace longscope
