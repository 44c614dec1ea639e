// SPDX-License-Identifier: GPL-3.0-or-later
// A mask seen through two token sets: rows are the local indices of the queries, columns those of the keys. The mask
// and the sets are shared, not copied, and must outlive the view. Thread-safe as the mask is.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/mask.h"
#include "engine/mask/token_set.h"

namespace longscope {

class LocalMask {
  public:
    LocalMask(const Mask& mask, const TokenSet& queries, const TokenSet& keys)
        : mask_(&mask), queries_(&queries), keys_(&keys) {}

    [[nodiscard]] std::int64_t rows() const { return queries_->size(); }
    [[nodiscard]] std::int64_t columns() const { return keys_->size(); }

    // How far apart a query and a key stand, on the axis of keys on which the last query stands at the last key.
    [[nodiscard]] std::int64_t distance(std::int64_t row, std::int64_t column) const;
    // Where rows and columns stand on that axis; below 2^31 (max_tokens).
    void row_positions(Range rows, std::int32_t* positions) const;
    void column_positions(Range columns, std::int32_t* positions) const;

    // Replaces `runs` by the local keys of one local query: ascending, disjoint, non-adjacent.
    void row_runs(std::int64_t row, std::vector<Range>& runs) const;

    // The exact number of kept pairs.
    [[nodiscard]] std::int64_t pairs() const { return mask_->pairs_between(*queries_, *keys_); }

  private:
    const Mask* mask_;
    const TokenSet* queries_;
    const TokenSet* keys_;
};

}  // namespace longscope
