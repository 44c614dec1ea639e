// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "engine/draw/mask_picture.h"

namespace longscope {

namespace {

constexpr std::int64_t max_lanes = 64;

}  // namespace

CellGrid ownership_grid(const std::vector<TokenSet>& ranks, const std::vector<std::int64_t>& edges,
                        const Theme& theme) {
    const auto count = static_cast<std::int64_t>(ranks.size());
    const std::int64_t lanes = std::min(count, max_lanes);
    CellGrid grid;
    grid.columns = static_cast<std::int32_t>(lanes);
    grid.rows = static_cast<std::int32_t>(edges.size()) - 1;
    grid.ramp = {theme.density.front(), theme.foreground};
    const std::size_t cells = static_cast<std::size_t>(grid.rows) * static_cast<std::size_t>(lanes);
    grid.values.assign(cells, 0.0F);
    grid.classes.assign(cells, 0);
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
        grid.class_colours.push_back(theme.rank(lane, lanes));
    }
    for (std::int64_t rank = 0; rank < count; ++rank) {
        const TokenSet& tokens = ranks[static_cast<std::size_t>(rank)];
        const std::int64_t lane = rank * lanes / count;
        for (std::size_t row = 0; row + 1 < edges.size(); ++row) {
            const std::size_t cell = row * static_cast<std::size_t>(lanes) + static_cast<std::size_t>(lane);
            const Range span{edges[row], edges[row + 1]};
            grid.values[cell] +=
                static_cast<float>(static_cast<double>(tokens.local(span).size()) / static_cast<double>(span.size()));
            grid.classes[cell] = static_cast<std::uint8_t>(lane + 1);
        }
    }
    return grid;
}

}  // namespace longscope
