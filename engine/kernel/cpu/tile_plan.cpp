// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/tile_plan.h"

#include <algorithm>

namespace longscope {

namespace {

// Where the number of rows that touch a tile, or that cover it whole, changes.
struct Change {
    std::int64_t tile = 0;
    std::int32_t touching = 0;
    std::int32_t covering = 0;
};

}  // namespace

TilePlan plan_tile_row(const LocalMask& mask, Range rows, std::int64_t k_tile) {
    TilePlan plan{rows, {}, {0}, {}, 0};
    std::vector<Change> changes;
    std::vector<Range> runs;
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        mask.row_runs(row, runs);
        std::int64_t touched_until = 0;  // a tile that two runs of one row touch counts once
        for (const Range run : runs) {
            plan.pairs += run.size();
            const std::int64_t first = std::max(run.begin / k_tile, touched_until);
            touched_until = (run.end + k_tile - 1) / k_tile;
            if (first < touched_until) {
                changes.push_back({first, 1, 0});
                changes.push_back({touched_until, -1, 0});
            }
            const std::int64_t first_covered = (run.begin + k_tile - 1) / k_tile;
            if (const std::int64_t end_covered = run.end / k_tile; first_covered < end_covered) {
                changes.push_back({first_covered, 0, 1});
                changes.push_back({end_covered, 0, -1});
            }
        }
        plan.runs.insert(plan.runs.end(), runs.begin(), runs.end());
        plan.starts.push_back(plan.runs.size());
    }
    std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.tile < b.tile; });
    std::int64_t touching = 0;
    std::int64_t covering = 0;
    for (std::size_t i = 0; i < changes.size();) {
        const std::int64_t tile = changes[i].tile;
        for (; i < changes.size() && changes[i].tile == tile; ++i) {
            touching += changes[i].touching;
            covering += changes[i].covering;
        }
        if (touching == 0) {
            continue;
        }
        const TileClass tile_class = covering == rows.size() ? TileClass::full : TileClass::partial;
        const Range tiles{tile, changes[i].tile};
        if (!plan.tiles.empty() && plan.tiles.back().tile_class == tile_class &&
            plan.tiles.back().tiles.end == tiles.begin) {
            plan.tiles.back().tiles.end = tiles.end;
        } else {
            plan.tiles.push_back({tiles, tile_class});
        }
    }
    return plan;
}

}  // namespace longscope
