// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/mask_thumbnail.h"

#include <algorithm>

#include "engine/draw/density_grid.h"

namespace longscope {

namespace {

constexpr double frame = 1;

void add_outline(DisplayList& list, const Rect& area, Colour colour) {
    list.add(Line{{area.x, area.y}, {area.right(), area.y}, colour});
    list.add(Line{{area.x, area.bottom()}, {area.right() + 1, area.bottom()}, colour});
    list.add(Line{{area.x, area.y}, {area.x, area.bottom()}, colour});
    list.add(Line{{area.right(), area.y}, {area.right(), area.bottom()}, colour});
}

}  // namespace

DisplayList draw_mask_thumbnail(const Mask& mask, const std::vector<std::int64_t>& cu_seqlens, std::int32_t side,
                                const Theme& theme) {
    const std::int64_t longest = std::max(mask.query_tokens(), mask.key_tokens());
    const auto cells_of = [&](std::int64_t tokens) {
        return static_cast<std::int32_t>(std::max<std::int64_t>(1, longest > side ? tokens * side / longest : tokens));
    };
    const double pixels_per_token = static_cast<double>(side) / static_cast<double>(longest);
    const Rect plot{frame, frame, static_cast<double>(mask.key_tokens()) * pixels_per_token,
                    static_cast<double>(mask.query_tokens()) * pixels_per_token};
    DisplayList list{plot.width + 2 * frame, plot.height + 2 * frame, theme.background, "", {}};
    DensityGrid grid = density_grid(mask, mask.box(), cells_of(mask.query_tokens()), cells_of(mask.key_tokens()));
    const std::int32_t rows = grid.rows();
    const std::int32_t columns = grid.columns();
    list.add(CellGrid{plot, columns, rows, std::move(grid.values), theme.density, {}, {}});
    for (std::size_t i = 1; i < cu_seqlens.size(); ++i) {
        const double begin = static_cast<double>(cu_seqlens[i - 1]) * pixels_per_token;
        const double end = static_cast<double>(cu_seqlens[i]) * pixels_per_token;
        add_outline(list, {begin, begin, end - begin, end - begin}, theme.edge);
    }
    add_outline(list, {0, 0, plot.width + frame, plot.height + frame}, theme.grid);
    return list;
}

}  // namespace longscope
