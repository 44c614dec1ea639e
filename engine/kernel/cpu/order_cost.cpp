// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/order_cost.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/kernel/cpu/row_groups.h"
#include "engine/kernel/cpu/visible_columns.h"

namespace longscope::cpu {

namespace {

// Rows that fill groups up are among the rows and pairs, kept pairs are not.
struct Work {
    std::int64_t kept = 0;
    std::int64_t pairs = 0;
    std::int64_t rows = 0;
    std::int64_t visits = 0;  // of key-major

    [[nodiscard]] double per_kept(double pairs_a_row, double pairs_a_visit) const {
        const double time = static_cast<double>(pairs) + pairs_a_row * static_cast<double>(rows) +
                            pairs_a_visit * static_cast<double>(visits);
        return kept == 0 ? 0.0 : time / static_cast<double>(kept);
    }
};

Work sum_of(const std::vector<Work>& works) {
    Work sum;
    for (const Work& work : works) {
        sum.kept += work.kept;
        sum.pairs += work.pairs;
        sum.rows += work.rows;
        sum.visits += work.visits;
    }
    return sum;
}

// Slabs of one head in the middle of so many equal parts of the rows: under a causal mask work grows with the row.
constexpr std::size_t sampled_slabs = 3;

std::vector<Slab> sample(const AttendInput& input, Range kv_heads, Range rows) {
    const std::vector<Slab> slabs = cut_slabs(input, kv_heads, rows, 2);
    // Those of the first head come first.
    const auto own = static_cast<std::size_t>(
        std::find_if(slabs.begin(), slabs.end(),
                     [&](const Slab& slab) { return slab.heads.begin != slabs.front().heads.begin; }) -
        slabs.begin());
    std::vector<Slab> chosen;
    const std::size_t count = std::min(sampled_slabs, own);
    for (std::size_t i = 0; i < count; ++i) {
        chosen.push_back(slabs[(2 * i + 1) * own / (2 * count)]);
    }
    return chosen;
}

class OrderCounter {
  public:
    OrderCounter(const KindPlans& plans, const TileGeometry& geometry)
        : plans_(plans), geometry_(geometry), visible_(geometry, geometry.q_tile, geometry.k_tile) {}

    // Of the plans that meet the slab, of all of its heads, every `step`-th.
    void count_query_major(const Slab& slab, const std::vector<KindHeads>& kinds, std::int64_t step, Work& work) {
        for (const KindHeads& kind : kinds) {
            Work of_head;
            std::int64_t index = 0;
            for (auto plan = plans_.at(kind.kind, slab.tokens.begin);
                 plan != plans_.of(kind.kind).end() && plan->rows.begin < slab.tokens.end; ++plan) {
                if (index++ % step == 0) {
                    count_plan(*plan, of_head);
                }
            }
            const auto heads = static_cast<std::int64_t>(kind.heads.size());
            work.kept += heads * of_head.kept;
            work.pairs += heads * of_head.pairs;
            work.rows += heads * of_head.rows;
        }
    }

    // As many tokens of the slab as are planned at once.
    void count_key_major(const Slab& slab, const std::vector<KindHeads>& kinds, const PlannedTiles& tiles,
                         Work& work) const {
        SlabPlan plan(geometry_);
        static_cast<void>(plan.plan(plans_, kinds, slab.tokens, tiles));
        RowGroups groups(geometry_);
        const auto count = [&](std::span<const GatheredRow> /*rows*/, const GroupColumns& columns) {
            work.pairs += geometry_.row_group * (columns.end - columns.begin);
            work.rows += geometry_.row_group;
        };
        for (std::size_t i = 0; i < plan.visits().size(); ++i) {
            const TileVisit& visit = plan.visits()[i];
            ++work.visits;
            work.kept += kept_pairs(visit) * static_cast<std::int64_t>(kinds[visit.kind_heads].heads.size());
            for (std::size_t head = 0; head < kinds[visit.kind_heads].heads.size(); ++head) {
                groups.add({&visit, 0}, count);
            }
            if (i + 1 == plan.visits().size() || plan.visits()[i + 1].tile != visit.tile) {
                groups.finish(count);
            }
        }
    }

    // One plan of some heads.
    void count_alone(const KindHeads& kind, const TilePlan& plan, Work& query_major, Work& key_major) {
        count_plan(plan, query_major);
        SlabPlan visits(geometry_);
        const std::int64_t tiles = plan.tiles.empty() ? 0 : plan.tiles.back().tiles.end;
        static_cast<void>(visits.plan(plans_, std::span(&kind, 1), plan.rows, {{0, tiles}}));
        const auto heads = static_cast<std::int64_t>(kind.heads.size());
        for (const TileVisit& visit : visits.visits()) {
            const std::int64_t begin = visit.begin / geometry_.panel * geometry_.panel;
            key_major.kept += heads * kept_pairs(visit);
            key_major.pairs += heads * (geometry_.padded_to_panels(visit.end) - begin);
            key_major.rows += heads;
            ++key_major.visits;
        }
    }

  private:
    [[nodiscard]] std::int64_t kept_pairs(const TileVisit& visit) const {
        const Range columns{visit.tile * geometry_.k_tile, (visit.tile + 1) * geometry_.k_tile};
        std::int64_t kept = 0;
        for (std::uint16_t run = 0; run < visit.run_count; ++run) {
            kept += intersect(visit.runs[run], columns).size();
        }
        return kept;
    }

    void count_plan(const TilePlan& plan, Work& work) {
        const std::int64_t groups = (plan.rows.size() + geometry_.row_group - 1) / geometry_.row_group;
        work.kept += plan.pairs;
        for (const TileRun& run : plan.tiles) {
            if (run.tile_class == TileClass::full) {
                work.rows += run.tiles.size() * groups * geometry_.row_group;
                work.pairs += run.tiles.size() * groups * geometry_.row_group * geometry_.k_tile;
                continue;
            }
            for (std::int64_t tile = run.tiles.begin; tile < run.tiles.end; ++tile) {
                visible_.find(plan, tile);
                for (std::int64_t group = 0; group < groups; ++group) {
                    const GroupColumns& columns = visible_.groups()[group];
                    work.rows += columns.begin < columns.end ? geometry_.row_group : 0;
                    work.pairs += geometry_.row_group * (columns.end - columns.begin);
                }
            }
        }
    }

    const KindPlans& plans_;
    TileGeometry geometry_;
    VisibleColumns visible_;
};

// The share of kept pairs among those of all tiles that are met: no more is computed.
double kept_share(const AttendInput& input, const KindPlans& plans, std::int64_t kv_head,
                  const TileGeometry& geometry) {
    const std::int64_t group = input.queries.heads / input.keys.heads;
    std::int64_t kept = 0;
    std::int64_t met = 0;
    for (const std::int64_t kind : input.mask->kinds_of({kv_head * group, (kv_head + 1) * group})) {
        for (const TilePlan& plan : plans.of(kind)) {
            kept += plan.pairs;
            for (const TileRun& run : plan.tiles) {
                met += plan.rows.size() * run.tiles.size() * geometry.k_tile;
            }
        }
    }
    return met == 0 ? 1.0 : static_cast<double>(kept) / static_cast<double>(met);
}

// In times of a pair, for a lane.
struct Overheads {
    double in_tile;
    double gather;
    double visit;
};

// Matrix units take pairs faster than they take rows.
Overheads overheads_of(const TileGeometry& geometry) {
    if (geometry.block_units == 1) {
        return {1.2, 1.2, 2.0};
    }
    const bool in_parts = geometry.block_units > geometry.block_elements;
    return in_parts ? Overheads{1.6, 2.2, 3.2} : Overheads{3.3, 5.2, 7.5};
}

OrderCost cost_of(const std::vector<Work>& query_major, const std::vector<Work>& key_major,
                  const TileGeometry& geometry) {
    const double in_tile = in_tile_pairs(geometry);
    return {sum_of(query_major).per_kept(in_tile, 0.0),
            sum_of(key_major).per_kept(in_tile + gather_pairs(geometry), visit_pairs(geometry))};
}

// The same as order_cost() of a few tiles of rows, as if key-major left no row of a group empty.
OrderCost least_cost(const AttendInput& input, const KindPlans& plans, std::int64_t kv_head,
                     const TileGeometry& geometry, ThreadTeam& team) {
    constexpr std::size_t sampled_plans = 6;
    const std::int64_t group = input.queries.heads / input.keys.heads;
    const std::vector<KindHeads> kinds = kinds_of_heads(*input.mask, {kv_head * group, (kv_head + 1) * group});
    std::vector<Work> query_major(sampled_plans);
    std::vector<Work> key_major(sampled_plans);
    team.for_each(sampled_plans, [&](std::int64_t i) {
        const auto place = static_cast<std::size_t>(i);
        const KindHeads& kind = kinds[place % kinds.size()];
        const std::vector<TilePlan>& own = plans.of(kind.kind);
        OrderCounter counter(plans, geometry);
        counter.count_alone(kind, own[(2 * place + 1) * own.size() / (2 * sampled_plans)], query_major[place],
                            key_major[place]);
    });
    return cost_of(query_major, key_major, geometry);
}

}  // namespace

double in_tile_pairs(const TileGeometry& geometry) {
    return overheads_of(geometry).in_tile * static_cast<double>(geometry.lanes);
}

double gather_pairs(const TileGeometry& geometry) {
    return overheads_of(geometry).gather * static_cast<double>(geometry.lanes);
}

double visit_pairs(const TileGeometry& geometry) {
    return overheads_of(geometry).visit * static_cast<double>(geometry.lanes);
}

OrderCost order_cost(const AttendInput& input, const KindPlans& plans, Range kv_heads, Range rows,
                     const TileGeometry& geometry, ThreadTeam& team) {
    const std::int64_t tiles = (input.keys.tokens + geometry.k_tile - 1) / geometry.k_tile;
    const std::vector<Slab> slabs = sample(input, kv_heads, rows);
    const auto count = static_cast<std::int64_t>(slabs.size());
    std::vector<Work> query_major(slabs.size());
    std::vector<Work> key_major(slabs.size());
    // Of each slab another part of the tiles: whole slabs, as what is left empty depends on the rows that see a tile.
    team.for_each(count, [&](std::int64_t i) {
        const Slab& slab = slabs[static_cast<std::size_t>(i)];
        const std::vector<KindHeads> kinds = kinds_of_heads(*input.mask, slab.heads);
        OrderCounter counter(plans, geometry);
        counter.count_query_major(slab, kinds, count, query_major[static_cast<std::size_t>(i)]);
        counter.count_key_major(slab, kinds, {{0, tiles}, count, i}, key_major[static_cast<std::size_t>(i)]);
    });
    return cost_of(query_major, key_major, geometry);
}

std::string OrderChoice::text() const {
    if (cost.key_major == 0.0) {
        return std::string(to_string(order));
    }
    const bool key_major = order == LoopOrder::key_major;
    return fmt::format("{}, predicted to be {:.1f} times as fast as {}", to_string(order),
                       key_major ? cost.speedup() : 1.0 / cost.speedup(),
                       to_string(key_major ? LoopOrder::query_major : LoopOrder::key_major));
}

OrderChoice choose_order(const AttendInput& input, const KindPlans& plans, Range kv_heads, Range rows,
                         const TileGeometry& geometry, ThreadTeam& team) {
    constexpr double enough = 0.6;
    if (kept_share(input, plans, kv_heads.begin, geometry) >= enough) {
        return {};
    }
    OrderCost cost = least_cost(input, plans, kv_heads.begin, geometry, team);
    if (cost.cheaper() == LoopOrder::key_major) {
        cost = order_cost(input, plans, kv_heads, rows, geometry, team);
    }
    return {cost.cheaper(), cost};
}

}  // namespace longscope::cpu
