// SPDX-License-Identifier: GPL-3.0-or-later
// The classes of the tiles of one row of tiles, from the zones in its rows: in time that grows with the borders of the
// zones and with the tiles that their slanted sides cross, not with all tiles.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/mask.h"
#include "engine/mask/striped_zone.h"

namespace longscope {

// The zones inside the rows q of a mask of key_tokens columns.
struct TileRow {
    const ZoneSet& zones;
    Range q;
    std::int64_t key_tokens = 0;
    std::int64_t k_tile = 0;
};

// As maximal runs that cover all columns.
[[nodiscard]] std::vector<TileRun> classify_tiles(const TileRow& row);

// How many there are of each class; what repeats itself is counted once.
[[nodiscard]] TileRowCounts count_tiles(const TileRow& row);

// The same of a mask, from its zones.
[[nodiscard]] std::vector<TileRun> classify_tiles(const Mask& mask, Range q, std::int64_t k_tile);
[[nodiscard]] TileRowCounts count_tiles(const Mask& mask, Range q, std::int64_t k_tile);

}  // namespace longscope
