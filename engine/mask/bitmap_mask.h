// SPDX-License-Identifier: GPL-3.0-or-later
// A mask of single pairs, kept as bits in blocks: random, token by token, trees that branch at every token. Questions
// are answered a word of 64 pairs at a time, and those of whole blocks from their sums.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/mask/bitmap_rows.h"
#include "engine/mask/lazy_mask.h"

namespace longscope {

class BitmapMask final : public LazyMask {
  public:
    // Copies of the mask share the bits.
    explicit BitmapMask(std::shared_ptr<const BitmapRows> bits);

    [[nodiscard]] const std::shared_ptr<const BitmapRows>& bits() const { return bits_; }

    [[nodiscard]] bool contains(std::int64_t query, std::int64_t key) const override;
    [[nodiscard]] std::int64_t pairs_in(const Box& box) const override;
    [[nodiscard]] std::int64_t pairs_with(Range rows, const TokenSet& keys) const override;
    [[nodiscard]] std::int64_t pairs_between(const TokenSet& queries, const TokenSet& keys) const override;
    void row_runs(std::int64_t query, std::vector<Range>& runs) const override;
    void zones_in(Range rows, ZoneSet& out) const override;
    [[nodiscard]] std::vector<TileRun> classify_row_of_tiles(Range q, std::int64_t k_tile) const override;
    [[nodiscard]] TileRowCounts count_row_of_tiles(Range q, std::int64_t k_tile) const override;
    [[nodiscard]] Range key_extent(Range q) const override;
    [[nodiscard]] std::unique_ptr<Mask> transposed() const override;
    [[nodiscard]] bool has_zones_at_hand() const override { return false; }

  private:
    // Calls visit(row of blocks, queries in it, counted from its first) for those that hold some of the queries.
    template <typename Visit>
    void visit_rows(Range queries, Visit visit) const;
    // Of a row of blocks with all of its queries, the pairs left of a key.
    [[nodiscard]] std::int64_t pairs_before(const BitmapRow& row, std::int64_t key) const;
    // Of some queries of a row of blocks, the pairs in a range of keys.
    [[nodiscard]] std::int64_t pairs_of(const BitmapRow& row, Range queries, Range keys) const;
    // The same with the keys of a set, whose bits stand in words beside it.
    [[nodiscard]] std::int64_t pairs_of(const BitmapRow& row, Range queries, const TokenSet& keys,
                                        std::span<const std::uint64_t> key_bits) const;
    // The words of all keys that some query of q sees, and of those that all of them see.
    struct Seen {
        std::vector<std::uint64_t> any;
        std::vector<std::uint64_t> all;
    };
    [[nodiscard]] Seen seen_by(Range q) const;

    std::shared_ptr<const BitmapRows> bits_;
    std::vector<std::int64_t> pairs_above_;  // of each row of blocks, and all
};

// The mask as bits, null where it is of another form.
[[nodiscard]] const BitmapMask* bitmap_of(const Mask& mask);

// Adds the bits of one query of any mask to the words of a row; `runs` is room to work in.
void add_row_bits(const Mask& mask, std::int64_t query, std::span<std::uint64_t> words, std::vector<Range>& runs);

}  // namespace longscope
