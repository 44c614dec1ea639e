// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/difference_grid.h"

namespace longscope {

std::array<Colour, 3> difference_colours(const Theme& theme) {
    return {theme.few_ranks[0], theme.few_ranks[1], theme.few_ranks[3]};
}

std::vector<Colour> agreement_ramp(const Theme& theme) {
    const Colour empty = theme.density.front();
    return {empty, mix(empty, theme.muted, 0.25), mix(empty, theme.muted, 0.6)};
}

DifferenceGrid difference_grid(const MaskDifference& difference, const Box& region, std::int32_t rows,
                               std::int32_t columns, const Theme& theme) {
    DensityGrid both = density_grid(*difference.both, region, rows, columns);
    const DensityGrid only_a = density_grid(*difference.only_a, region, rows, columns);
    const DensityGrid only_b = density_grid(*difference.only_b, region, rows, columns);
    DifferenceGrid grid;
    grid.cells = {{}, columns, rows, std::move(both.values), agreement_ramp(theme), {}, {}};
    const std::array<Colour, 3> colours = difference_colours(theme);
    grid.cells.class_colours.assign(colours.begin(), colours.end());
    grid.cells.classes.assign(grid.cells.values.size(), 0);
    for (std::size_t i = 0; i < grid.cells.values.size(); ++i) {
        const int kinds = (only_a.values[i] > 0 ? 1 : 0) | (only_b.values[i] > 0 ? 2 : 0);
        if (kinds != 0) {
            grid.cells.classes[i] = static_cast<std::uint8_t>(kinds);
            grid.cells.values[i] = 1.0F;
        }
    }
    grid.q_edges = std::move(both.q_edges);
    grid.k_edges = std::move(both.k_edges);
    return grid;
}

}  // namespace longscope
