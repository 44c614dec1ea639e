// SPDX-License-Identifier: GPL-3.0-or-later
// What the cpu kernel has to do for one tile of query rows: which tiles of keys it meets, of which class, and inside
// partial ones which columns each row sees. Made from row runs alone, so it serves every mask; shared by all heads.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/local_mask.h"

namespace longscope {

struct TilePlan {
    Range rows;                       // local query rows
    std::vector<TileRun> tiles;       // runs of non-empty key tiles, ascending
    std::vector<std::size_t> starts;  // of each row's runs, and their end: rows.size() + 1 entries
    std::vector<Range> runs;          // local columns that each row sees
    std::int64_t pairs = 0;

    [[nodiscard]] bool empty() const { return tiles.empty(); }
};

// A tile is full only when it has k_tile columns: a narrower last tile counts as partial.
[[nodiscard]] TilePlan plan_tile_row(const LocalMask& mask, Range rows, std::int64_t k_tile);

}  // namespace longscope
