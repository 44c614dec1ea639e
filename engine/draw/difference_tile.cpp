// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/difference_tile.h"

#include <algorithm>

#include "engine/draw/difference_grid.h"

namespace longscope {

namespace {

std::uint8_t cell_of(const DensityTile& tile, std::size_t at) {
    return tile.uniform() ? tile.cells.front() : tile.cells[at];
}

// 1 to 255 become 1 to the densest.
std::uint8_t agreement(std::uint8_t density) {
    return density == 0 ? std::uint8_t{0}
                        : static_cast<std::uint8_t>(1 + (density - 1) * (densest_agreement - 1) / 254);
}

}  // namespace

DensityTile difference_tile(const MaskDifference& difference, const DensityTileKey& key) {
    const DensityTile both = density_tile(*difference.both, key);
    const DensityTile only_a = density_tile(*difference.only_a, key);
    const DensityTile only_b = density_tile(*difference.only_b, key);
    const bool uniform = both.uniform() && only_a.uniform() && only_b.uniform();
    DensityTile tile{both.rows, both.columns, {}};
    tile.cells.resize(uniform ? 1 : static_cast<std::size_t>(tile.rows) * static_cast<std::size_t>(tile.columns));
    for (std::size_t i = 0; i < tile.cells.size(); ++i) {
        const int kinds = (cell_of(only_a, i) > 0 ? 1 : 0) | (cell_of(only_b, i) > 0 ? 2 : 0);
        tile.cells[i] = kinds == 0 ? agreement(cell_of(both, i)) : static_cast<std::uint8_t>(densest_agreement + kinds);
    }
    return tile;
}

std::array<Colour, 256> difference_tile_colours(const Theme& theme) {
    CellGrid grid;
    grid.columns = densest_agreement + 1;
    grid.rows = 1;
    grid.ramp = agreement_ramp(theme);
    for (std::int32_t i = 0; i <= densest_agreement; ++i) {
        grid.values.push_back(static_cast<float>(i) / static_cast<float>(densest_agreement));
    }
    std::array<Colour, 256> colours{};
    for (std::int32_t i = 0; i <= densest_agreement; ++i) {
        colours.at(static_cast<std::size_t>(i)) = grid.colour_of(0, i);
    }
    const std::array<Colour, 3> differences = difference_colours(theme);
    std::copy(differences.begin(), differences.end(), colours.begin() + only_in_a);
    return colours;
}

}  // namespace longscope
