// SPDX-License-Identifier: GPL-3.0-or-later
// What a kernel that works by tiles has to compute: every pair of every tile that holds a kept pair. Beside the pairs
// that are kept it says which speed-up is left of the one that the pairs promise.
#pragma once

#include <cstdint>

#include "engine/mask/mask.h"

namespace longscope {

struct TileBound {
    TileCounts tiles;
    std::int64_t touched_pairs = 0;         // of full and partial tiles, without what lies outside the matrix
    std::int64_t causal_touched_pairs = 0;  // the same of a causal mask over the matrix

    // Times faster than attention to all pairs, or to the causal ones, by the same tiles. Infinite of an empty mask.
    [[nodiscard]] double speedup_over_full(std::int64_t all_pairs) const;
    [[nodiscard]] double speedup_over_causal() const;
};

// In time that grows with the rows of tiles and the runs in them.
[[nodiscard]] TileBound tile_bound(const Mask& mask, std::int64_t q_tile, std::int64_t k_tile);

}  // namespace longscope
