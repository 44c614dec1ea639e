// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/kind_plans.h"

#include <algorithm>
#include <iterator>

namespace longscope::cpu {

void KindPlans::plan(const LocalMask& mask, const std::set<std::int64_t>& kinds, Range rows,
                     const TileGeometry& geometry, ThreadTeam& team) {
    // Ranges of rows that are planned by one thread; cuts fall anywhere inside them.
    const std::int64_t step = 8 * geometry.q_tile;
    std::vector<std::vector<TilePlan>> parts(static_cast<std::size_t>((rows.size() + step - 1) / step));
    plans_.assign(static_cast<std::size_t>(mask.kinds()), {});
    for (const std::int64_t kind : kinds) {
        team.for_each(static_cast<std::int64_t>(parts.size()), [&](std::int64_t i) {
            const std::int64_t begin = rows.begin + i * step;
            parts[static_cast<std::size_t>(i)] =
                plan_tile_rows(mask, {begin, std::min(begin + step, rows.end)},
                               {geometry.q_tile, 2 * geometry.row_group}, geometry.k_tile, kind);
        });
        std::vector<TilePlan>& plans = plans_[static_cast<std::size_t>(kind)];
        for (std::vector<TilePlan>& part : parts) {
            plans.insert(plans.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
        }
    }
}

std::vector<TilePlan>::const_iterator KindPlans::at(std::int64_t kind, std::int64_t row) const {
    const std::vector<TilePlan>& plans = of(kind);
    return std::partition_point(plans.begin(), plans.end(), [&](const TilePlan& plan) { return plan.rows.end <= row; });
}

std::vector<std::int64_t> KindPlans::needed_tiles(std::int64_t tiles) const {
    std::vector<unsigned char> needed(static_cast<std::size_t>(tiles), 0);
    for (const std::vector<TilePlan>& plans : plans_) {
        for (const TilePlan& plan : plans) {
            for (const TileRun& run : plan.tiles) {
                std::fill(needed.begin() + run.tiles.begin, needed.begin() + run.tiles.end, 1);
            }
        }
    }
    std::vector<std::int64_t> found;
    for (std::size_t tile = 0; tile < needed.size(); ++tile) {
        if (needed[tile] != 0) {
            found.push_back(static_cast<std::int64_t>(tile));
        }
    }
    return found;
}

}  // namespace longscope::cpu
