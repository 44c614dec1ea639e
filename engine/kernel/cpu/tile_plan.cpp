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
    PlanBuilder(std::int64_t first_row, std::int64_t max_rows, std::int64_t columns, std::int64_t k_tile)
        : plan_{{first_row, first_row}, {}, SeenColumns(max_rows, columns), 0}, k_tile_(k_tile) {}

    [[nodiscard]] std::int64_t rows() const { return plan_.rows.size(); }
    // Do all rows so far see the same keys, and no other than these?
    [[nodiscard]] bool alike(const std::vector<Range>& runs) const { return plan_.alike && runs == last_; }
    // Do all rows so far see the same keys?
    [[nodiscard]] bool all_alike() const { return plan_.alike; }

    void add(const std::vector<Range>& runs) {
        plan_.alike = rows() == 0 || alike(runs);
        ++plan_.rows.end;
        if (rows() > 1 && runs == last_) {
            add_same();
            return;
        }
        first_change_ = changes_.size();
        const std::int64_t before = plan_.pairs;
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
        plan_.seen.add(runs);
        last_ = runs;
        last_pairs_ = plan_.pairs - before;
    }

    [[nodiscard]] TilePlan finish() {
        classify(plan_, changes_);
        plan_.seen.finish();
        return std::move(plan_);
    }

  private:
    void add_same() {
        const auto once_more = [](std::int32_t& count) { count += (count > 0 ? 1 : 0) - (count < 0 ? 1 : 0); };
        for (std::size_t i = first_change_; i < changes_.size(); ++i) {
            once_more(changes_[i].touching);
            once_more(changes_[i].covering);
        }
        plan_.pairs += last_pairs_;
        plan_.seen.add_same();
    }

    static void classify(TilePlan& plan, std::vector<Change>& changes);

    TilePlan plan_;
    std::int64_t k_tile_;
    // Of the row before.
    std::vector<Range> last_;
    std::int64_t last_pairs_ = 0;
    std::size_t first_change_ = 0;
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

std::int64_t TilePlan::bytes() const {
    return static_cast<std::int64_t>(sizeof(TilePlan) + tiles.size() * sizeof(tiles[0])) + seen.bytes();
}

TilePlan plan_tile_row(const LocalMask& mask, Range rows, std::int64_t k_tile, std::int64_t kind) {
    PlanBuilder plan(rows.begin, rows.size(), mask.columns(), k_tile);
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
    const auto begin_plan = [&](std::int64_t row) { return PlanBuilder(row, cuts.max_rows, mask.columns(), k_tile); };
    PlanBuilder plan = begin_plan(rows.begin);
    std::vector<Range> runs;
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        mask.row_runs(row, runs, kind);
        if (plan.rows() == cuts.max_rows || (plan.rows() >= cuts.min_alike && plan.all_alike() && !plan.alike(runs))) {
            plans.push_back(plan.finish());
            plan = begin_plan(row);
        }
        plan.add(runs);
    }
    if (plan.rows() > 0) {
        plans.push_back(plan.finish());
    }
    return plans;
}

}  // namespace longscope
