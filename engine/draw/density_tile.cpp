// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/density_tile.h"

#include <algorithm>

#include "engine/draw/density_grid.h"

namespace longscope {

namespace {

// Whole cells and, at the end of the matrix, one that is cut.
std::vector<Range> parts_of(Range tokens, std::int64_t cell) {
    const std::int64_t whole = tokens.begin + tokens.size() / cell * cell;
    std::vector<Range> parts;
    for (const Range part : {Range{tokens.begin, whole}, Range{whole, tokens.end}}) {
        if (part.size() > 0) {
            parts.push_back(part);
        }
    }
    return parts;
}

std::int32_t cells_in(Range tokens, std::int64_t cell) {
    return static_cast<std::int32_t>((tokens.size() + cell - 1) / cell);
}

std::uint8_t rounded(float share) {
    if (share <= 0.0F || share >= 1.0F) {
        return share <= 0.0F ? 0 : 255;
    }
    return static_cast<std::uint8_t>(std::clamp(static_cast<int>(share * 255.0F + 0.5F), 1, 254));
}

}  // namespace

Box DensityTileKey::tokens() const {
    const std::int64_t side = std::int64_t{density_tile_cells} << level;
    return {{row * side, (row + 1) * side}, {column * side, (column + 1) * side}};
}

std::int32_t coarsest_level(const Box& matrix) {
    const std::int64_t longest = std::max(matrix.q.size(), matrix.k.size());
    std::int32_t level = 0;
    while ((std::int64_t{density_tile_cells} << level) < longest) {
        ++level;
    }
    return level;
}

DensityTile density_tile(const Mask& mask, const DensityTileKey& key) {
    const std::int64_t cell = std::int64_t{1} << key.level;
    const Box all = key.tokens();
    const Box box{intersect(all.q, mask.box().q), intersect(all.k, mask.box().k)};
    DensityTile tile{cells_in(box.q, cell), cells_in(box.k, cell), {}};
    const std::int64_t pairs = mask.pairs_in(box);
    if (pairs == 0 || pairs == box.pairs()) {
        tile.cells.push_back(pairs == 0 ? 0 : 255);
        return tile;
    }
    tile.cells.resize(static_cast<std::size_t>(tile.rows) * static_cast<std::size_t>(tile.columns));
    for (const Range q : parts_of(box.q, cell)) {
        for (const Range k : parts_of(box.k, cell)) {
            const DensityGrid grid = density_grid(mask, {q, k}, cells_in(q, cell), cells_in(k, cell));
            const std::int64_t top = (q.begin - box.q.begin) / cell;
            const std::int64_t left = (k.begin - box.k.begin) / cell;
            for (std::int64_t row = 0; row < grid.rows(); ++row) {
                const auto from = grid.values.begin() + row * grid.columns();
                std::transform(from, from + grid.columns(), tile.cells.begin() + (top + row) * tile.columns + left,
                               rounded);
            }
        }
    }
    return tile;
}

std::array<Colour, 256> density_colours(const Theme& theme) {
    CellGrid grid;
    grid.columns = 256;
    grid.rows = 1;
    grid.ramp = theme.density;
    for (int i = 0; i < 256; ++i) {
        grid.values.push_back(static_cast<float>(i) / 255.0F);
    }
    std::array<Colour, 256> colours{};
    for (int i = 0; i < 256; ++i) {
        colours.at(static_cast<std::size_t>(i)) = grid.colour_of(0, i);
    }
    return colours;
}

}  // namespace longscope
