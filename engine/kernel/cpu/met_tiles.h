// SPDX-License-Identifier: GPL-3.0-or-later
// The tiles of keys that a tile of rows meets, in order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/mask/mask.h"

namespace longscope::cpu {

class MetTiles {
  public:
    explicit MetTiles(std::vector<TileRun> runs) : runs_(std::move(runs)) {
        for (const TileRun& run : runs_) {
            before_.push_back(count_);
            count_ += run.tiles.size();
        }
    }
    [[nodiscard]] const std::vector<TileRun>& runs() const { return runs_; }
    [[nodiscard]] std::int64_t count() const { return count_; }
    // Which of them a tile is; -1: it is none.
    [[nodiscard]] std::int64_t rank(std::int64_t tile) const {
        const std::size_t run = run_of(tile);
        return run == runs_.size() ? -1 : before_[run] + tile - runs_[run].tiles.begin;
    }
    // Of a tile that is met.
    [[nodiscard]] TileClass tile_class(std::int64_t tile) const { return runs_[run_of(tile)].tile_class; }

  private:
    // The number of runs when no one holds the tile.
    [[nodiscard]] std::size_t run_of(std::int64_t tile) const {
        const auto run =
            std::partition_point(runs_.begin(), runs_.end(), [&](const TileRun& one) { return one.tiles.end <= tile; });
        return run == runs_.end() || !run->tiles.contains(tile) ? runs_.size()
                                                                : static_cast<std::size_t>(run - runs_.begin());
    }

    std::vector<TileRun> runs_;
    std::vector<std::int64_t> before_;  // of each run
    std::int64_t count_ = 0;
};

}  // namespace longscope::cpu
