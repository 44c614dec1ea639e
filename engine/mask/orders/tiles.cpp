// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/mask/leaves/leaf_support.h"
#include "engine/mask/token_order.h"

namespace longscope {

namespace {

using Axes = std::array<std::int64_t, 3>;

// Calls visit(begin of a run of tokens, length), tile by tile.
template <typename Visit>
void visit_runs(const Axes& grid, const Axes& tile, Visit visit) {
    const auto end = [&](std::size_t axis, std::int64_t begin) { return std::min(begin + tile[axis], grid[axis]); };
    for (std::int64_t a = 0; a < grid[0]; a += tile[0]) {
        for (std::int64_t b = 0; b < grid[1]; b += tile[1]) {
            for (std::int64_t c = 0; c < grid[2]; c += tile[2]) {
                for (std::int64_t x = a; x < end(0, a); ++x) {
                    for (std::int64_t y = b; y < end(1, b); ++y) {
                        visit((x * grid[1] + y) * grid[2] + c, end(2, c) - c);
                    }
                }
            }
        }
    }
}

Axes axes_of(const std::vector<std::int64_t>& list) {
    Axes axes{1, 1, 1};
    std::copy(list.begin(), list.end(), axes.end() - static_cast<std::ptrdiff_t>(list.size()));
    return axes;
}

}  // namespace

decltype(TokenOrder::over) parse_tiles_order(JsonObject parameters) {
    const std::vector<std::int64_t> grid = checked_integers(parameters, "grid", 1, max_tokens, 1);
    const std::vector<std::int64_t> tile = checked_integers(parameters, "tile", 1, max_tokens, 1);
    parameters.finish();
    if (grid.size() > 3 || tile.size() != grid.size()) {
        throw bad_input(parameters.path_of("tile"), fmt::format("a tile of {} axes", tile.size()),
                        fmt::format("does not go with a grid of {}", grid.size()),
                        "1 to 3 axes, and as many of the tile as of the grid");
    }
    std::int64_t size = 1;
    for (std::size_t i = 0; i < grid.size(); ++i) {
        if (tile[i] > grid[i]) {
            throw bad_input(fmt::format("{}[{}]", parameters.path_of("tile"), i), std::to_string(tile[i]),
                            "is larger than the axis", fmt::format("an integer from 1 to {}", grid[i]));
        }
        size = std::min(size * grid[i], 2 * max_tokens);
    }
    return [all = axes_of(grid), part = axes_of(tile), size](std::int64_t tokens, std::int64_t whole_tokens,
                                                             const std::string& path) {
        if (size > std::max(tokens, whole_tokens)) {
            throw bad_input(path + ".grid", fmt::format("a grid of {} tokens", format_count(size)),
                            "is larger than the sequence", fmt::format("at most {} tokens", tokens));
        }
        if (size / part[2] > Permutation::max_pieces) {
            throw bad_input(path + ".tile", fmt::format("{} runs of tokens", format_count(size / part[2])),
                            "are too many",
                            fmt::format("at most {}: a last axis of the tile that is longer",
                                        format_count(Permutation::max_pieces)));
        }
        if (size > tokens) {
            return Permutation(tokens);  // a document that is shorter than the grid
        }
        Permutation order;
        visit_runs(all, part, [&](std::int64_t first, std::int64_t count) { order.append_run(first, count); });
        order.append_run(size, tokens - size);
        return order;
    };
}

}  // namespace longscope
