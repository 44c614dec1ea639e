// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/key_major_plan.h"

#include <algorithm>
#include <limits>

#include "engine/kernel/cpu/tile_scoring.h"

namespace longscope::cpu {

namespace {

// Rows of a slab. Of each tile of keys enough rows see the same columns that few groups are left half empty: slabs of
// 512 rows took 1.4 times (float32) and 2.2 times (bfloat16 on a matrix unit) as long as slabs of 4,096, larger ones
// were no faster (16 of 256 blocks a token, D = 128). Their states take 2.5 MB then.
constexpr std::int64_t most_slab_rows = 4096;
constexpr std::int64_t least_slab_rows = 512;
constexpr std::int64_t slabs_a_thread = 4;

}  // namespace

std::vector<Slab> cut_slabs(const AttendInput& input, Range kv_heads, Range rows, int threads) {
    const std::int64_t group = input.queries.heads / input.keys.heads;
    // Tiles are told of one head where scores depend on it.
    const std::int64_t heads = TileScoring::reads_rows(input) ? 1 : group;
    const std::int64_t all_rows = kv_heads.size() * group * rows.size();
    const std::int64_t slab_rows = std::clamp(all_rows / (slabs_a_thread * threads), least_slab_rows, most_slab_rows);
    const std::int64_t tokens = std::max<std::int64_t>(1, slab_rows / heads);
    std::vector<Slab> slabs;
    for (std::int64_t head = kv_heads.begin * group; head < kv_heads.end * group; head += heads) {
        for (std::int64_t end = rows.end; end > rows.begin; end -= tokens) {
            slabs.push_back({head / group, {head, head + heads}, {std::max(rows.begin, end - tokens), end}});
        }
    }
    return slabs;
}

std::vector<KindHeads> kinds_of_heads(const LocalMask& mask, Range heads) {
    std::vector<KindHeads> kinds;
    for (const std::int64_t kind : mask.kinds_of(heads)) {
        kinds.push_back({kind, {}});
        for (std::int64_t head = heads.begin; head < heads.end; ++head) {
            if (mask.kind_of(head) == kind) {
                kinds.back().heads.push_back(static_cast<std::int32_t>(head - heads.begin));
            }
        }
    }
    return kinds;
}

std::int64_t SlabPlan::plan(const KindPlans& plans, std::span<const KindHeads> kinds, Range tokens,
                            const PlannedTiles& tiles) {
    found_.clear();
    runs_.clear();
    head_pairs_ = 0;
    std::vector<KeptRuns> kept(kinds.size());
    std::vector<std::vector<TilePlan>::const_iterator> at;  // of each kind
    at.reserve(kinds.size());
    for (const KindHeads& kind : kinds) {
        at.push_back(plans.at(kind.kind, tokens.begin));
    }
    std::int64_t token = tokens.begin;
    const auto has_room = [&] { return found_.size() < max_visits && runs_.size() < max_runs; };
    for (; token < tokens.end && (token == tokens.begin || has_room()); ++token) {
        for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
            if (at[kind]->rows.end == token) {
                ++at[kind];
            }
            const TilePlan& plan = *at[kind];
            keep_runs(plan, token - plan.rows.begin, kept[kind]);
            head_pairs_ += kept[kind].pairs * static_cast<std::int64_t>(kinds[kind].heads.size());
            TileVisit visit;
            visit.token = static_cast<std::uint32_t>(token - tokens.begin);
            visit.kind_heads = static_cast<std::uint16_t>(kind);
            add_row(kept[kind].at, tiles, visit);
        }
    }
    for (TileVisit& visit : found_) {
        visit.runs = runs_.data() + visit.first_run;
    }
    sort();
    return token;
}

// Rows that are alike are kept once.
void SlabPlan::keep_runs(const TilePlan& plan, std::int64_t row, KeptRuns& kept) {
    if (kept.plan == &plan && kept.alike == plan.seen.alike(row)) {
        return;
    }
    kept = {&plan, plan.seen.alike(row), {static_cast<std::int64_t>(runs_.size()), 0}, 0};
    plan.seen.for_each(row, {0, std::numeric_limits<std::int64_t>::max()}, [&](Range run) {
        runs_.push_back(run);
        kept.pairs += run.size();
    });
    kept.at.end = static_cast<std::int64_t>(runs_.size());
}

void SlabPlan::add_row(Range kept, const PlannedTiles& tiles, TileVisit visit) {
    const Range* run = runs_.data() + kept.begin;
    const Range* const end = runs_.data() + kept.end;
    const std::int64_t first_column = tiles.range.begin * k_tile_;
    run = std::partition_point(run, end, [&](const Range& one) { return one.end <= first_column; });
    std::int64_t tile = tiles.range.begin;
    while (run != end) {
        tile = std::max(tile, run->begin / k_tile_);
        if (tile >= tiles.range.end) {
            return;
        }
        const Range columns{tile * k_tile_, (tile + 1) * k_tile_};
        const Range* beyond = run + 1;
        while (beyond != end && beyond->begin < columns.end) {
            ++beyond;
        }
        const std::int64_t seen_until = (beyond - 1)->end;
        visit.first_run = static_cast<std::uint32_t>(run - runs_.data());
        visit.tile = static_cast<std::uint32_t>(tile);
        visit.begin = static_cast<std::uint16_t>(std::max(run->begin - columns.begin, std::int64_t{0}));
        visit.end = static_cast<std::uint16_t>(std::min(seen_until, columns.end) - columns.begin);
        visit.run_count = static_cast<std::uint16_t>(beyond - run);
        if (tiles.contains(tile)) {
            found_.push_back(visit);
        }
        ++tile;
        run = seen_until > columns.end ? beyond - 1 : beyond;
    }
}

std::size_t SlabPlan::place_in_tile(const TileVisit& visit) const {
    const std::int64_t panels = k_tile_ / panel_;
    const std::int64_t begin = visit.begin / panel_;
    const std::int64_t end = (visit.end + panel_ - 1) / panel_;
    const std::int64_t masked = sees_whole_panels(visit, panel_) ? 0 : 1;
    return static_cast<std::size_t>((begin * panels + end - 1) * 2 + masked);
}

void SlabPlan::sort() {
    sorted_.resize(found_.size());
    if (found_.empty()) {
        return;
    }
    const auto by_tile = [](const TileVisit& a, const TileVisit& b) { return a.tile < b.tile; };
    const auto [low, high] = std::minmax_element(found_.begin(), found_.end(), by_tile);
    const std::size_t first = low->tile;
    const std::int64_t panels = k_tile_ / panel_;
    const auto places = static_cast<std::size_t>(panels * panels * 2);
    const auto place = [&](const TileVisit& visit) { return (visit.tile - first) * places + place_in_tile(visit); };
    // Counting keeps the order of rows, and costs nothing that grows with more than visits and tiles.
    begins_.assign((high->tile - first + 1) * places + 1, 0);
    for (const TileVisit& visit : found_) {
        ++begins_[place(visit) + 1];
    }
    for (std::size_t i = 1; i < begins_.size(); ++i) {
        begins_[i] += begins_[i - 1];
    }
    for (const TileVisit& visit : found_) {
        sorted_[begins_[place(visit)]++] = visit;
    }
}

}  // namespace longscope::cpu
