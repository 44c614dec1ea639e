// SPDX-License-Identifier: GPL-3.0-or-later
// Which rows of a slab see which tile of keys: the plan of the rows turned round, tile by tile (the inverse index of
// Flash Sparse Attention, Yan et al. 2025). Not thread-safe; reused from slab to slab.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/kernel/cpu/kind_plans.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/kernel.h"

namespace longscope::cpu {

// Rows that are computed together: some tokens of query heads that share a key/value head. Row t * heads + h is that of
// token t and head h of the slab.
struct Slab {
    std::int64_t kv_head = 0;
    Range heads;   // query heads
    Range tokens;  // local rows of the mask

    [[nodiscard]] std::int64_t rows() const { return heads.size() * tokens.size(); }
};

// The slabs of some rows of all query heads of some key/value heads: head by head, in them from the last row to the
// first. They are cut so that each of so many threads gets several; no result depends on where.
[[nodiscard]] std::vector<Slab> cut_slabs(const AttendInput& input, Range kv_heads, Range rows, int threads);

// The heads of a slab that have one kind of mask.
struct KindHeads {
    std::int64_t kind = 0;
    std::vector<std::int32_t> heads;  // from 0
};

[[nodiscard]] std::vector<KindHeads> kinds_of_heads(const LocalMask& mask, Range heads);

// A row of the mask of some heads that sees keys of a tile.
struct TileVisit {
    const Range* runs = nullptr;  // of the row, kept by the plan: the first that meets the tile, and as many as meet it
    std::uint32_t first_run = 0;  // where these stand in what the plan keeps
    std::uint32_t tile = 0;
    std::uint32_t token = 0;  // of the slab
    std::uint16_t begin = 0;  // columns of the tile from the first that it sees
    std::uint16_t end = 0;    // to the last
    std::uint16_t run_count = 0;
    std::uint16_t kind_heads = 0;  // which of the slab's
};

// Which tiles of keys are planned: of a range, those at offset, offset + step, ...
struct PlannedTiles {
    Range range;
    std::int64_t step = 1;
    std::int64_t offset = 0;

    [[nodiscard]] bool contains(std::int64_t tile) const { return step == 1 || tile % step == offset; }
};

class SlabPlan {
  public:
    explicit SlabPlan(const TileGeometry& geometry) : k_tile_(geometry.k_tile), panel_(geometry.panel) {}

    // Plans the first of these tokens: as many as have max_visits of these tiles or less, and one at least. Returns
    // where they end.
    std::int64_t plan(const KindPlans& plans, std::span<const KindHeads> kinds, Range tokens,
                      const PlannedTiles& tiles);

    // Tile by tile, inside a tile by columns: rows that see the same ones stand together.
    [[nodiscard]] std::span<const TileVisit> visits() const { return sorted_; }
    // The kept pairs of all heads, with keys of any tile.
    [[nodiscard]] std::int64_t head_pairs() const { return head_pairs_; }

    // Bound the memory of a plan.
    static constexpr std::size_t max_visits = 1 << 17;
    static constexpr std::size_t max_runs = 1 << 20;

  private:
    // Runs of a row among those that are kept.
    struct KeptRuns {
        const TilePlan* plan = nullptr;
        std::size_t alike = 0;  // SeenColumns::alike()
        Range at;
        std::int64_t pairs = 0;
    };
    void keep_runs(const TilePlan& plan, std::int64_t row, KeptRuns& kept);
    void add_row(Range kept, const PlannedTiles& tiles, TileVisit visit);
    void sort();
    // Where visits of the same columns stand inside a tile, up to the panel.
    [[nodiscard]] std::size_t place_in_tile(const TileVisit& visit) const;

    std::int64_t k_tile_;
    std::int64_t panel_;
    std::int64_t head_pairs_ = 0;
    std::vector<Range> runs_;
    std::vector<TileVisit> found_;
    std::vector<TileVisit> sorted_;
    std::vector<std::uint32_t> begins_;  // of each tile and each place in it, while they are sorted
};

// Does the row see each column of the panels that it meets?
[[nodiscard]] inline bool sees_whole_panels(const TileVisit& visit, std::int64_t panel) {
    return visit.run_count == 1 && visit.begin % panel == 0 && visit.end % panel == 0;
}

}  // namespace longscope::cpu
