// SPDX-License-Identifier: GPL-3.0-or-later
// Where the forward pass of one tile keeps its weights: its tiles and those of the backward pass, for which weights are
// kept, lie across one another. One thread's; not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernel/cpu/stored_tiles.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/mask/zone.h"

namespace longscope::cpu {

class KeptRows {
  public:
    // The stored tiles must live as long.
    KeptRows(StoredTiles& stored, const TileGeometry& geometry);

    void choose(std::int64_t head, Range rows, std::int64_t tile);

    // RowBlock::kept of the chosen rows and tile; valid until the next choice.
    [[nodiscard]] float* const* places() const { return places_.data(); }
    // What the weights of the chosen tile are relative to, of each row.
    void set_exponents(const float* maximum, float scale);
    // They were not computed as a tile.
    void leave_out();
    // Weights were stored past the caches: from here on other threads may be told of them.
    static void finish();

  private:
    // A part of a tile that is kept.
    struct Part {
        std::int64_t slot;
        Range rows;     // inside the chosen ones
        Range columns;  // inside the tile
        std::int64_t first_row;
        std::int64_t first_column;  // inside the kept one
        std::int64_t side;          // of its exponents
    };

    StoredTiles* stored_;
    TileGeometry geometry_;
    std::vector<Part> parts_;
    std::vector<float*> places_;
};

}  // namespace longscope::cpu
