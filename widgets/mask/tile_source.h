// SPDX-License-Identifier: GPL-3.0-or-later
// What a mask's canvas shows tile by tile: how dense one mask is, or where two differ. Immutable; for any thread.
#pragma once

#include <array>
#include <memory>

#include "engine/draw/density_tile.h"
#include "engine/mask/mask.h"
#include "engine/mask/mask_difference.h"

namespace longscope {

class TileSource {
  public:
    TileSource() = default;
    TileSource(const TileSource&) = delete;
    TileSource& operator=(const TileSource&) = delete;
    virtual ~TileSource() = default;

    [[nodiscard]] virtual Box box() const = 0;
    // The tile meets the matrix.
    [[nodiscard]] virtual DensityTile tile(const DensityTileKey& key) const = 0;
    // By the value of a cell.
    [[nodiscard]] virtual std::array<Colour, 256> colours(const Theme& theme) const = 0;
};

[[nodiscard]] std::shared_ptr<const TileSource> tiles_of(std::shared_ptr<const Mask> mask);
[[nodiscard]] std::shared_ptr<const TileSource> tiles_of(std::shared_ptr<const MaskDifference> difference);

}  // namespace longscope
