// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/mask_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/draw/density_grid.h"

namespace longscope {

namespace {

constexpr std::int64_t exported_cells = 256;  // along either side, at most

}  // namespace

std::string densities_as_csv(const ShownMask& shown, const Box& box) {
    const auto cells = [](Range range) { return static_cast<std::int32_t>(std::min(range.size(), exported_cells)); };
    const auto grid_of = [&](const Mask& mask) { return density_grid(mask, box, cells(box.q), cells(box.k)); };
    std::string text = "query_begin,query_end,key_begin,key_end,";
    std::vector<DensityGrid> grids;
    if (shown.difference == nullptr) {
        text += "density\n";
        grids.push_back(grid_of(*shown.draw.mask));
    } else {
        text += "both,only_here,only_there\n";
        const MaskDifference& parts = *shown.difference->parts;
        for (const Mask* mask : {parts.both.get(), parts.only_a.get(), parts.only_b.get()}) {
            grids.push_back(grid_of(*mask));
        }
    }
    const DensityGrid& first = grids.front();
    for (std::size_t row = 0; row + 1 < first.q_edges.size(); ++row) {
        for (std::size_t column = 0; column + 1 < first.k_edges.size(); ++column) {
            text += fmt::format("{},{},{},{}", first.q_edges[row], first.q_edges[row + 1], first.k_edges[column],
                                first.k_edges[column + 1]);
            for (const DensityGrid& grid : grids) {
                text += fmt::format(",{}", grid.values[row * static_cast<std::size_t>(grid.columns()) + column]);
            }
            text += '\n';
        }
    }
    return text;
}

}  // namespace longscope
