// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/tile_plan.h"

#include <algorithm>
#include <utility>

namespace longscope {

namespace {

// Where the number of rows that touch a tile, or that cover it whole, changes.
struct Change {
    std::int64_t tile = 0;
    std::int32_t touching = 0;
    std::int32_t covering = 0;
};

// To ascending tiles; of those between them that do not change, too, where there are more changes than tiles: adding
// them up is then faster than sorting.
void order_by_tile(std::vector<Change>& changes) {
    const auto by_tile = [](const Change& a, const Change& b) { return a.tile < b.tile; };
    const auto [low, high] = std::minmax_element(changes.begin(), changes.end(), by_tile);
    if (low == changes.end() || high->tile - low->tile >= static_cast<std::int64_t>(changes.size())) {
        std::sort(changes.begin(), changes.end(), by_tile);
        return;
    }
    const std::int64_t first = low->tile;
    std::vector<Change> sums(static_cast<std::size_t>(high->tile - first + 1));
    for (std::size_t i = 0; i < sums.size(); ++i) {
        sums[i].tile = first + static_cast<std::int64_t>(i);
    }
    for (const Change& change : changes) {
        Change& sum = sums[static_cast<std::size_t>(change.tile - first)];
        sum.touching += change.touching;
        sum.covering += change.covering;
    }
    changes = std::move(sums);
}

// Collects rows, then says which tiles of keys they meet.
class PlanBuilder {
  public:
    PlanBuilder(std::int64_t first_row, std::int64_t k_tile)
        : plan_{{first_row, first_row}, {}, {0}, {}, 0}, k_tile_(k_tile) {}

    [[nodiscard]] std::int64_t rows() const { return plan_.rows.size(); }
    // Do all rows so far see the same keys, and no other than these?
    [[nodiscard]] bool alike(const std::vector<Range>& runs) const {
        return plan_.alike &&
               std::equal(runs.begin(), runs.end(), plan_.runs.begin(),
                          plan_.runs.begin() + static_cast<std::ptrdiff_t>(rows() == 0 ? 0 : plan_.starts[1]));
    }
    // Do all rows so far see the same keys?
    [[nodiscard]] bool all_alike() const { return plan_.alike; }

    void add(const std::vector<Range>& runs) {
        plan_.alike = rows() == 0 || alike(runs);
        std::int64_t touched_until = 0;  // a tile that two runs of one row touch counts once
        for (const Range run : runs) {
            plan_.pairs += run.size();
            const std::int64_t first = std::max(run.begin / k_tile_, touched_until);
            touched_until = (run.end + k_tile_ - 1) / k_tile_;
            if (first < touched_until) {
                changes_.push_back({first, 1, 0});
                changes_.push_back({touched_until, -1, 0});
            }
            const std::int64_t first_covered = (run.begin + k_tile_ - 1) / k_tile_;
            if (const std::int64_t end_covered = run.end / k_tile_; first_covered < end_covered) {
                changes_.push_back({first_covered, 0, 1});
                changes_.push_back({end_covered, 0, -1});
            }
        }
        plan_.runs.insert(plan_.runs.end(), runs.begin(), runs.end());
        plan_.starts.push_back(plan_.runs.size());
        ++plan_.rows.end;
    }

    [[nodiscard]] TilePlan finish() {
        classify(plan_, changes_);
        return std::move(plan_);
    }

  private:
    static void classify(TilePlan& plan, std::vector<Change>& changes);

    TilePlan plan_;
    std::int64_t k_tile_;
    std::vector<Change> changes_;
};

void PlanBuilder::classify(TilePlan& plan, std::vector<Change>& changes) {
    order_by_tile(changes);
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
        const TileClass tile_class = covering == plan.rows.size() ? TileClass::full : TileClass::partial;
        const Range tiles{tile, changes[i].tile};
        if (!plan.tiles.empty() && plan.tiles.back().tile_class == tile_class &&
            plan.tiles.back().tiles.end == tiles.begin) {
            plan.tiles.back().tiles.end = tiles.end;
        } else {
            plan.tiles.push_back({tiles, tile_class});
        }
    }
}

}  // namespace

TilePlan plan_tile_row(const LocalMask& mask, Range rows, std::int64_t k_tile, std::int64_t kind) {
    PlanBuilder plan(rows.begin, k_tile);
    std::vector<Range> runs;
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        mask.row_runs(row, runs, kind);
        plan.add(runs);
    }
    return plan.finish();
}

std::vector<TilePlan> plan_tile_rows(const LocalMask& mask, Range rows, const RowCuts& cuts, std::int64_t k_tile,
                                     std::int64_t kind) {
    std::vector<TilePlan> plans;
    PlanBuilder plan(rows.begin, k_tile);
    std::vector<Range> runs;
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        mask.row_runs(row, runs, kind);
        if (plan.rows() == cuts.max_rows || (plan.rows() >= cuts.min_alike && plan.all_alike() && !plan.alike(runs))) {
            plans.push_back(plan.finish());
            plan = PlanBuilder(row, k_tile);
        }
        plan.add(runs);
    }
    if (plan.rows() > 0) {
        plans.push_back(plan.finish());
    }
    return plans;
}

}  // namespace longscope
