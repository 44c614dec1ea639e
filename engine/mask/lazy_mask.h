// SPDX-License-Identifier: GPL-3.0-or-later
// Masks that are not kept as zones but make those of some rows when they are asked, as they were many more than what
// they are made of: block rows, operators over them, permutations. Every answer comes from zones_in(), slab by slab;
// what derives from this overrides those that it knows faster.
#pragma once

#include <memory>
#include <vector>

#include "engine/mask/mask.h"

namespace longscope {

class LazyMask : public Mask {
  public:
    [[nodiscard]] bool contains(std::int64_t query, std::int64_t key) const override;
    [[nodiscard]] std::int64_t pairs_in(const Box& box) const override;
    [[nodiscard]] std::int64_t pairs_with(Range rows, const TokenSet& keys) const override;
    void row_runs(std::int64_t query, std::vector<Range>& runs) const override;
    void zones_in(Range rows, ZoneSet& out) const override = 0;
    [[nodiscard]] std::vector<TileRun> classify_row_of_tiles(Range q, std::int64_t k_tile) const override;
    [[nodiscard]] TileRowCounts count_row_of_tiles(Range q, std::int64_t k_tile) const override;
    [[nodiscard]] Range key_extent(Range q) const override;

    // Whether the zones of some rows take little more than a count of their pairs.
    [[nodiscard]] virtual bool has_zones_at_hand() const { return true; }

    // Rows that are best asked about together: slab i is from its row to the next one's, the last one to the end.
    [[nodiscard]] const std::vector<std::int64_t>& slab_begins() const { return slab_begins_; }
    [[nodiscard]] std::int64_t slabs() const { return static_cast<std::int64_t>(slab_begins_.size()); }
    [[nodiscard]] Range slab(std::int64_t index) const;

  protected:
    // Any order, repetitions and rows outside of the matrix allowed; slabs of very many rows are cut.
    LazyMask(std::int64_t query_tokens, std::int64_t key_tokens, std::vector<std::int64_t> slab_begins);

    // To be called at the end of a constructor: counts all slabs, with several threads.
    void count_slabs();

  private:
    // Calls visit(rows, zones) for the parts of slabs in the rows.
    template <typename Visit>
    void visit(Range rows, Visit visit) const;
    [[nodiscard]] std::int64_t slab_of(std::int64_t row) const;

    std::vector<std::int64_t> slab_begins_;
    std::vector<std::int64_t> pairs_before_;  // of each slab, and all; empty until they are counted
};

// Whether it is a lazy mask that says so.
[[nodiscard]] bool has_zones_at_hand(const Mask& mask);

}  // namespace longscope
