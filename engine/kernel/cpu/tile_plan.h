// SPDX-License-Identifier: GPL-3.0-or-later
// What the cpu kernel has to do for one tile of query rows: which tiles of keys it meets, of which class, and inside
// partial ones which columns each row sees. Made from row runs alone, so it serves every mask; shared by all heads that
// have the mask.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernel/cpu/seen_columns.h"
#include "engine/mask/local_mask.h"

namespace longscope {

struct TilePlan {
    Range rows;                  // local query rows
    std::vector<TileRun> tiles;  // runs of non-empty key tiles, ascending
    SeenColumns seen;            // of each row
    std::int64_t pairs = 0;
    bool alike = true;  // all rows see the same keys

    [[nodiscard]] bool empty() const { return tiles.empty(); }
    // What it takes.
    [[nodiscard]] std::int64_t bytes() const;
};

// How a range of rows is cut into tiles.
struct RowCuts {
    std::int64_t max_rows = 0;
    // Where so many rows or more saw the same keys, a tile ends before the first row that sees others: blocks of a mask
    // are then met by few tiles of rows, and those see the whole of what they meet.
    std::int64_t min_alike = 0;
};

// The plans of consecutive tiles of rows that cover `rows`. `kind` is that of the mask (LocalMask).
[[nodiscard]] std::vector<TilePlan> plan_tile_rows(const LocalMask& mask, Range rows, const RowCuts& cuts,
                                                   std::int64_t k_tile, std::int64_t kind = 0);

// The plan of one tile of rows. A tile is full only when it has k_tile columns: a narrower last tile counts as partial.
[[nodiscard]] TilePlan plan_tile_row(const LocalMask& mask, Range rows, std::int64_t k_tile, std::int64_t kind = 0);

}  // namespace longscope
