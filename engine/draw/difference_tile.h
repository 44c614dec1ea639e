// SPDX-License-Identifier: GPL-3.0-or-later
// Two masks as a pyramid of tiles (density_tile.h), coloured as in difference_grid.h.
#pragma once

#include <array>
#include <cstdint>

#include "engine/draw/density_tile.h"
#include "engine/draw/theme.h"
#include "engine/mask/mask_difference.h"

namespace longscope {

// Cells of a tile of two masks: 0: no pair; up to this: the share of pairs that both keep.
inline constexpr std::uint8_t densest_agreement = 252;
// Where they differ, in however few pairs.
inline constexpr std::uint8_t only_in_a = 253;
inline constexpr std::uint8_t only_in_b = 254;
inline constexpr std::uint8_t only_in_either = 255;  // some pairs of each kind

// The tile must meet the matrix.
[[nodiscard]] DensityTile difference_tile(const MaskDifference& difference, const DensityTileKey& key);

// By the value of a cell.
[[nodiscard]] std::array<Colour, 256> difference_tile_colours(const Theme& theme);

}  // namespace longscope
