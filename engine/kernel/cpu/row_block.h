// SPDX-License-Identifier: GPL-3.0-or-later
// One thread's work on one tile of query rows of one head: holds the running result in cache, passes over the tiles of
// keys of the plan, writes the partial result at the end. Reused from tile to tile; not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "engine/kernel/cpu/kept_rows.h"
#include "engine/kernel/cpu/packed_keys.h"
#include "engine/kernel/cpu/row_state.h"
#include "engine/kernel/cpu/scratch.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/cpu/tile_plan.h"
#include "engine/kernel/cpu/tile_scoring.h"
#include "engine/kernel/cpu/visible_columns.h"
#include "engine/kernel/kernel.h"

namespace longscope::cpu {

class RowBlockWorker {
  public:
    // `stored`: where weights are kept; null: nowhere.
    RowBlockWorker(const AttendInput& input, const PackedKeys& packed, const TileFunctions& functions,
                   SpareBuffers& spare, StoredTiles* stored);

    // `after_tile` is called after every tile of keys.
    void attend(const TilePlan& plan, std::int64_t head, const KeyPart& part, Partial& out,
                const std::function<void()>& after_tile);

  private:
    void load_queries(Range rows, std::int64_t head);
    void begin_state(Range rows, std::int64_t head, const KeyPart& part, const Partial& out);
    void end_state(Range rows, std::int64_t head, const KeyPart& part, Partial& out) const;
    [[nodiscard]] RowState state(std::int64_t row) const;
    // A tile key by key, touching nothing that is hidden: for tiles with NaN or infinities.
    void attend_tile_plainly(const TilePlan& plan, std::int64_t head, std::int64_t tile);

    const AttendInput* input_;
    const PackedKeys* packed_;
    TileFunctions functions_;
    TileGeometry geometry_;
    Scratch scratch_;
    float* queries_;
    std::vector<float> rows_scratch_;
    bool finite_queries_ = true;
    RowBlock block_;
    VisibleColumns visible_;
    TileScoring scoring_;
    bool scored_;
    std::optional<KeptRows> kept_;
};

}  // namespace longscope::cpu
