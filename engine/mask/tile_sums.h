// SPDX-License-Identifier: GPL-3.0-or-later
// Classes of a row of tiles from how many of its pairs each tile holds, for masks whose zones are runs of whole rows.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/mask.h"

namespace longscope {

class TileSums {
  public:
    TileSums(std::int64_t key_tokens, std::int64_t k_tile);

    // `rows` more rows see the keys, which are not empty and lie in the matrix.
    void add(Range keys, std::int64_t rows);
    // The classes of the tiles of so many rows, as maximal runs that cover all columns.
    [[nodiscard]] std::vector<TileRun> runs(std::int64_t rows) const;
    [[nodiscard]] TileRowCounts counts(std::int64_t rows) const;

  private:
    template <typename Visit>
    void visit(std::int64_t rows, Visit visit) const;

    std::int64_t key_tokens_;
    std::int64_t k_tile_;
    std::int64_t tiles_;
    std::vector<std::int64_t> sums_;   // pairs of rows that see a part of a tile
    std::vector<std::int64_t> whole_;  // from one tile to the next, how many more rows see all of it
};

}  // namespace longscope
