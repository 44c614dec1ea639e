// SPDX-License-Identifier: GPL-3.0-or-later
// One thread's work in the backward pass: one tile of keys of one query head. Holds the gradients of keys and values in
// cache while it passes over the tiles of query rows that see some of the keys. Reused from tile to tile; not
// thread-safe.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/kernel/cpu/packed_queries.h"
#include "engine/kernel/cpu/scratch.h"
#include "engine/kernel/cpu/stored_tiles.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/cpu/tile_plan.h"
#include "engine/kernel/cpu/tile_scoring.h"
#include "engine/kernel/cpu/visible_columns.h"
#include "engine/kernel/kernel.h"

namespace longscope::cpu {

class KeyBlockWorker {
  public:
    // `bias_gradients`: of AttendGradients. `stored`: weights that are kept; null: none.
    KeyBlockWorker(const AttendBackwardInput& input, const HeadMatrix<float>& bias_gradients,
                   const PackedQueries& queries, const TileFunctions& functions, SpareBuffers& spare,
                   const StoredTiles* stored);

    // Sets the gradients of keys and values to zero and packs the tile.
    void begin(std::int64_t kv_head, std::int64_t tile);
    // Adds what the rows of a plan give for the tile; add_query_gradients() is for their own gradients then. Fetches
    // meanwhile what these will be added to, and what is stored for the rows that come next (-1: none).
    void attend(const TilePlan& plan, TileClass tile_class, std::int64_t head, std::int64_t q_tile,
                std::int64_t next_q_tile, const AttendGradients& out);

    // What the last attend() gave for its rows.
    [[nodiscard]] const float* query_gradients() const { return block_.query_gradients; }
    // Leaves it as it is until the next attend() but one is called.
    void turn_query_gradients() { std::swap(block_.query_gradients, other_query_gradients_); }
    // Adds it to the gradients of the caller.
    void add_query_gradients(const float* gradients, Range rows, std::int64_t head, const AttendGradients& out) const;
    void add_key_gradients(const AttendGradients& out) const;

  private:
    // Lets the block read the weights that are kept of a tile, if they are, and fetch those of the next.
    void point_to_stored(std::int64_t head, std::int64_t q_tile, std::int64_t next_q_tile);
    // Key by key, touching nothing that is hidden: for tiles with NaN or infinities.
    void attend_plainly(const TilePlan& plan, std::int64_t head);

    const AttendBackwardInput* input_;
    HeadMatrix<float> bias_gradients_;
    const PackedQueries* queries_;
    TileFunctions functions_;
    TileGeometry geometry_;
    const StoredTiles* stored_;
    std::int64_t kv_head_ = 0;
    Range columns_;
    bool finite_ = true;
    BackwardBlock block_;
    VisibleColumns visible_;
    TileScoring scoring_;
    Scratch scratch_;
    float* keys_;
    float* key_rows_;
    float* values_;
    float* other_query_gradients_;
    std::vector<float> rows_scratch_;
};

}  // namespace longscope::cpu
