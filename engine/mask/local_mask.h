// SPDX-License-Identifier: GPL-3.0-or-later
// Masks seen through two token sets: rows are the local indices of the queries, columns those of the keys. The masks
// and the sets are shared, not copied, and must outlive the view. Thread-safe as the masks are.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "engine/mask/head_masks.h"
#include "engine/mask/mask.h"
#include "engine/mask/token_set.h"

namespace longscope {

class LocalMask {
  public:
    // The same for all heads.
    LocalMask(const Mask& mask, const TokenSet& queries, const TokenSet& keys)
        : mask_(&mask), queries_(&queries), keys_(&keys) {}
    LocalMask(const HeadMasks& masks, const TokenSet& queries, const TokenSet& keys)
        : mask_(&masks.kind(0)), masks_(masks.same_for_all() ? nullptr : &masks), queries_(&queries), keys_(&keys) {}

    // As HeadMasks: masks that differ, and which of them a query head has.
    [[nodiscard]] std::int64_t kinds() const { return masks_ == nullptr ? 1 : masks_->kinds(); }
    [[nodiscard]] std::int64_t kind_of(std::int64_t head) const {
        return masks_ == nullptr ? 0 : masks_->kind_of(head);
    }
    // Those that some heads have.
    [[nodiscard]] std::set<std::int64_t> kinds_of(Range heads) const;

    [[nodiscard]] std::int64_t rows() const { return queries_->size(); }
    [[nodiscard]] std::int64_t columns() const { return keys_->size(); }

    // How far apart a query and a key stand, on the axis of keys on which the last query stands at the last key.
    [[nodiscard]] std::int64_t distance(std::int64_t row, std::int64_t column) const;
    // Where rows and columns stand on that axis; below 2^31 (max_tokens).
    void row_positions(Range rows, std::int32_t* positions) const;
    void column_positions(Range columns, std::int32_t* positions) const;

    // Replaces `runs` by the local keys of one local query: ascending, disjoint, non-adjacent.
    void row_runs(std::int64_t row, std::vector<Range>& runs, std::int64_t kind = 0) const;

    // The exact number of kept pairs.
    [[nodiscard]] std::int64_t pairs(std::int64_t kind = 0) const {
        return mask_of(kind).pairs_between(*queries_, *keys_);
    }
    // Of some heads together.
    [[nodiscard]] std::int64_t head_pairs(Range heads) const;

  private:
    [[nodiscard]] const Mask& mask_of(std::int64_t kind) const {
        return masks_ == nullptr ? *mask_ : masks_->kind(kind);
    }

    const Mask* mask_;
    const HeadMasks* masks_ = nullptr;  // null: one for all heads
    const TokenSet* queries_;
    const TokenSet* keys_;
};

}  // namespace longscope
