// SPDX-License-Identifier: GPL-3.0-or-later
// A mask whose rows and columns stand in another order, asked row by row: a row is that of its query, whose runs of
// keys are taken to where these stand. Pairs in a box are counted by the mask itself, between the tokens of its rows
// and columns. Memory is proportional to the tokens.
#pragma once

#include <memory>
#include <string>

#include "engine/mask/lazy_mask.h"
#include "engine/mask/permutation.h"
#include "engine/mask/tile_sums.h"

namespace longscope {

class PermutedMask final : public LazyMask {
  public:
    struct Order {
        explicit Order(Permutation tokens) : token(std::move(tokens)), place(token.inverse()) {}
        Permutation token;  // at each position
        Permutation place;  // of each token
    };

    // Position q holds the query rows->token(q) of the mask, position k the key columns->token(k).
    PermutedMask(std::shared_ptr<const Mask> mask, std::shared_ptr<const Order> rows,
                 std::shared_ptr<const Order> columns);

    [[nodiscard]] bool contains(std::int64_t query, std::int64_t key) const override;
    [[nodiscard]] std::int64_t pairs_in(const Box& box) const override;
    [[nodiscard]] std::int64_t pairs_with(Range rows, const TokenSet& keys) const override;
    void row_runs(std::int64_t query, std::vector<Range>& runs) const override;
    void zones_in(Range rows, ZoneSet& out) const override;
    [[nodiscard]] std::vector<TileRun> classify_row_of_tiles(Range q, std::int64_t k_tile) const override;
    [[nodiscard]] TileRowCounts count_row_of_tiles(Range q, std::int64_t k_tile) const override;
    [[nodiscard]] Range key_extent(Range q) const override;
    [[nodiscard]] std::unique_ptr<Mask> transposed() const override;
    [[nodiscard]] bool has_zones_at_hand() const override { return false; }

  private:
    [[nodiscard]] TileSums tile_sums(Range q, std::int64_t k_tile) const;

    std::shared_ptr<const Mask> mask_;
    std::shared_ptr<const Order> rows_;
    std::shared_ptr<const Order> columns_;
};

// Runs of keys that are taken to their positions, over all rows: a minute or two.
inline constexpr double most_permuted_runs = 6.9e10;

// The same of a mask in any form: as zones where these are zones again, as bits where it is of bits. `field` names the
// order in messages: throws Error(bad_input) where the rows have more runs in all.
[[nodiscard]] std::shared_ptr<const Mask> permuted_mask(const std::shared_ptr<const Mask>& mask, Permutation rows,
                                                        Permutation columns, const std::string& field,
                                                        double most_runs = most_permuted_runs);

}  // namespace longscope
