// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/mask.h"

namespace longscope {

TileClass Mask::tile_class(const Box& tile) const {
    const Box inside{intersect(tile.q, {0, query_tokens_}), intersect(tile.k, {0, key_tokens_})};
    const std::int64_t kept = pairs_in(inside);
    if (kept == 0) {
        return TileClass::empty;
    }
    return kept == inside.pairs() ? TileClass::full : TileClass::partial;
}

std::int64_t Mask::pairs_between(const TokenSet& queries, const TokenSet& keys) const {
    std::int64_t sum = 0;
    for (const Range rows : queries.ranges()) {
        sum += pairs_with(rows, keys);
    }
    return sum;
}

TileRowCounts Mask::count_row_of_tiles(Range q, std::int64_t k_tile) const {
    TileRowCounts counts;
    for (const TileRun& run : classify_row_of_tiles(q, k_tile)) {
        counts.of(run.tile_class) += run.tiles.size();
    }
    return counts;
}

TileCounts count_tiles(const Mask& mask, std::int64_t q_tile, std::int64_t k_tile) {
    TileCounts counts{q_tile, k_tile};
    for (std::int64_t q = 0; q < mask.query_tokens(); q += q_tile) {
        const TileRowCounts row = mask.count_row_of_tiles({q, std::min(q + q_tile, mask.query_tokens())}, k_tile);
        counts.empty += row.empty;
        counts.full += row.full;
        counts.partial += row.partial;
    }
    return counts;
}

}  // namespace longscope
