// SPDX-License-Identifier: GPL-3.0-or-later
// One thread's work on one tile of query rows of one head: holds the running result in cache, passes over the tiles of
// keys of the plan, writes the partial result at the end. Reused from tile to tile; not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/kernel/cpu/packed_keys.h"
#include "engine/kernel/cpu/tile_compute.h"
#include "engine/kernel/cpu/tile_plan.h"
#include "engine/kernel/kernel.h"
#include "engine/tensor/aligned_buffer.h"

namespace longscope::cpu {

class RowBlockWorker {
  public:
    RowBlockWorker(const AttendInput& input, const PackedKeys& packed, const TileGeometry& geometry);

    // `after_tile` is called after every tile of keys.
    void attend(const TilePlan& plan, std::int64_t head, Partial& out, const std::function<void()>& after_tile);

  private:
    void load_queries(Range rows, std::int64_t head);
    // Which columns of a tile each row sees, as bits, and which panels each row group has to compute.
    void find_visible(const TilePlan& plan, std::int64_t tile);
    // The same tile key by key, touching nothing that is hidden: for tiles with NaN or infinities.
    void attend_tile_plainly(const TilePlan& plan, std::int64_t head, std::int64_t tile);
    void store(Range rows, std::int64_t head, Partial& out) const;

    const AttendInput* input_;
    const PackedKeys* packed_;
    TileGeometry geometry_;
    AlignedBuffer<float> queries_;
    AlignedBuffer<float> scores_;
    AlignedBuffer<float> output_;
    AlignedBuffer<float> statistics_;  // maximum, sum, rescale
    bool finite_queries_ = true;
    RowBlock block_;
    std::vector<std::size_t> cursors_;  // of each row, the first run that may still matter
    std::vector<std::uint64_t> visible_;
    std::vector<std::int32_t> group_panels_;
};

}  // namespace longscope::cpu
