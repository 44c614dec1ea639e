// SPDX-License-Identifier: GPL-3.0-or-later
// One thread's work on a slab of rows, key-major: passes over the tiles of keys in ascending order, gathers the rows
// that see a tile, advances their online softmax by it and puts them back. The partial results of Flash Sparse
// Attention (Yan et al. 2025), which are written for each row and block and merged at the end, are merged
// at once here: a slab's states stay in the second-level cache, and each row takes its tiles in one order, whoever
// computes it. Reused from slab to slab; not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/kernel/cpu/key_major_plan.h"
#include "engine/kernel/cpu/packed_keys.h"
#include "engine/kernel/cpu/row_groups.h"
#include "engine/kernel/cpu/row_state.h"
#include "engine/kernel/cpu/scratch.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/cpu/tile_scoring.h"
#include "engine/kernel/kernel.h"

namespace longscope::cpu {

class KeyMajorWorker {
  public:
    // Of slabs of at most so many rows.
    KeyMajorWorker(const AttendInput& input, const PackedKeys& packed, const TileFunctions& functions,
                   std::int64_t most_rows, SpareBuffers& spare);

    // Returns the kept pairs of all heads of the slab. `after_tile` is called after every batch of gathered rows.
    std::int64_t attend(const Slab& slab, const KindPlans& plans, const KeyPart& part, Partial& out,
                        const std::function<void()>& after_tile);

  private:
    [[nodiscard]] RowState state(std::int64_t row) const;
    void begin_slab(const Slab& slab, const KeyPart& part, const Partial& out);
    void end_slab(const Slab& slab, const KeyPart& part, Partial& out) const;
    // One tile, of these visits.
    void attend_tile(const Slab& slab, std::span<const KindHeads> kinds, std::span<const TileVisit> visits,
                     const std::function<void()>& after_tile);
    void add_group(std::span<const GatheredRow> rows, const GroupColumns& columns);
    // Computes the groups that were added.
    void compute_batch(const Slab& slab, std::int64_t tile);
    void gather();
    void choose_scores(const Slab& slab, std::int64_t tile);
    void scatter() const;
    // A row key by key, touching nothing that is hidden: where there is a NaN or an infinity.
    void attend_plainly(const Slab& slab, const GatheredRow& row);

    const AttendInput* input_;
    const PackedKeys* packed_;
    TileFunctions functions_;
    TileGeometry geometry_;
    bool scored_;
    Scratch scratch_;
    RowBlock block_;
    SlabPlan plan_;
    RowGroups groups_;
    TileScoring scoring_;

    // Of each row of the slab.
    float* slab_queries_;  // units
    float* slab_output_;
    float* slab_sums_;
    float* slab_maximum_;
    std::vector<unsigned char> finite_;  // its query

    // The batch: a slot for each row of the groups that were added, -1 where there is none.
    float* packed_queries_;
    float* output_;
    float* sums_;
    float* maximum_;
    float* no_query_;
    std::vector<std::int64_t> slots_;
    std::vector<const float*> queries_;
    std::vector<GroupColumns> columns_;
    std::vector<std::uint64_t> visible_;
};

}  // namespace longscope::cpu
