// SPDX-License-Identifier: GPL-3.0-or-later
// The few query rows of a decode call, and the keys that each sees. Immutable.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/kernel/kernel.h"

namespace longscope::cpu {

class DecodeRows {
  public:
    explicit DecodeRows(const AttendInput& input);

    // Tiles of keys that some row of a key/value head sees, ascending.
    [[nodiscard]] const std::vector<std::int64_t>& tiles(std::int64_t kv_head) const {
        return tiles_[tiles_of_head_[static_cast<std::size_t>(kv_head)]];
    }
    // How many there are of each key/value head.
    [[nodiscard]] std::vector<std::int64_t> tile_counts() const;
    // Of all heads.
    [[nodiscard]] std::int64_t head_pairs() const { return head_pairs_; }

    // The keys of a range of columns that a query sees, in order. `kind` is that of the mask (LocalMask).
    template <typename Visit>
    void visit(std::int64_t kind, std::int64_t query, Range columns, const Visit& visit) const {
        const std::vector<Range>& runs = runs_of(kind, query);
        for (auto run = std::partition_point(runs.begin(), runs.end(),
                                             [&](const Range& one) { return one.end <= columns.begin; });
             run != runs.end() && run->begin < columns.end; ++run) {
            visit(intersect(*run, columns));
        }
    }
    // The same of a tile, as bits.
    [[nodiscard]] std::uint64_t bits(std::int64_t kind, std::int64_t query, std::int64_t tile) const;

  private:
    [[nodiscard]] const std::vector<Range>& runs_of(std::int64_t kind, std::int64_t query) const {
        return runs_[static_cast<std::size_t>(kind * queries_ + query)];
    }

    std::int64_t queries_;
    std::vector<std::vector<Range>> runs_;          // kinds x queries
    std::vector<std::vector<std::int64_t>> tiles_;  // of each set of kinds that a key/value head has
    std::vector<std::size_t> tiles_of_head_;        // which of them a key/value head has
    std::int64_t head_pairs_ = 0;
};

}  // namespace longscope::cpu
