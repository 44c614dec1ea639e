// SPDX-License-Identifier: GPL-3.0-or-later
// A mask as a pyramid of tiles, for views that zoom: at level l a cell is 2^l x 2^l tokens, at every level a tile is
// 256 x 256 cells. Cells at the end of the matrix may cover fewer tokens. Densities are exact before they are rounded.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <vector>

#include "engine/draw/theme.h"
#include "engine/mask/mask.h"

namespace longscope {

inline constexpr std::int32_t density_tile_cells = 256;

struct DensityTileKey {
    std::int32_t level = 0;
    std::int64_t row = 0;  // tiles, not tokens
    std::int64_t column = 0;

    [[nodiscard]] auto operator<=>(const DensityTileKey&) const = default;
    // The tile of the next coarser level that covers this one.
    [[nodiscard]] DensityTileKey parent() const { return {level + 1, row / 2, column / 2}; }
    // The tokens that it covers, beyond the matrix too.
    [[nodiscard]] Box tokens() const;
};

// The coarsest level that is of use: there one tile covers the whole matrix.
[[nodiscard]] std::int32_t coarsest_level(const Box& matrix);

// 0: no pair is kept; 255: all; else the share, of which no rounding makes 0 or 255.
struct DensityTile {
    std::int32_t rows = 0;
    std::int32_t columns = 0;
    std::vector<std::uint8_t> cells;  // row by row; one element where all are equal

    [[nodiscard]] bool uniform() const { return cells.size() == 1; }
};

// The tile must meet the matrix.
[[nodiscard]] DensityTile density_tile(const Mask& mask, const DensityTileKey& key);

// The colours of the 256 densities, as pictures of the theme have them.
[[nodiscard]] std::array<Colour, 256> density_colours(const Theme& theme);

}  // namespace longscope
