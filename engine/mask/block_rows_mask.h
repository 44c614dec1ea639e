// SPDX-License-Identifier: GPL-3.0-or-later
// A mask of whole blocks, row of blocks by row of blocks: of each row the runs of columns that it keeps, in eight bytes
// a run. Random block masks have millions of blocks that no zone joins.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/mask/lazy_mask.h"
#include "engine/mask/tile_sums.h"

namespace longscope {

// Where blocks begin, and the end: ascending from 0.
using BlockEdges = std::vector<std::int64_t>;

struct BlockRun {
    std::uint32_t begin = 0;  // of columns of blocks
    std::uint32_t end = 0;
};

struct BlockRows {
    BlockEdges rows;                        // at least {0}
    BlockEdges columns;                     // at least {0}
    std::vector<std::size_t> first_run{0};  // of each row of blocks, and the number of runs
    std::vector<BlockRun> runs;             // of a row ascending, disjoint, not adjacent

    [[nodiscard]] std::int64_t row_count() const { return static_cast<std::int64_t>(rows.size()) - 1; }
    [[nodiscard]] std::span<const BlockRun> runs_of(std::int64_t row) const {
        const auto at = static_cast<std::size_t>(row);
        return {runs.data() + first_run[at], runs.data() + first_run[at + 1]};
    }
    [[nodiscard]] Range tokens_of(std::int64_t row) const {
        return {rows[static_cast<std::size_t>(row)], rows[static_cast<std::size_t>(row) + 1]};
    }
    [[nodiscard]] Range keys_of(const BlockRun& run) const { return {columns[run.begin], columns[run.end]}; }

    // The blocks of the mirror image.
    [[nodiscard]] BlockRows transposed() const;
};

class BlockRowsMask final : public LazyMask {
  public:
    explicit BlockRowsMask(BlockRows blocks);

    [[nodiscard]] bool contains(std::int64_t query, std::int64_t key) const override;
    [[nodiscard]] std::int64_t pairs_in(const Box& box) const override;
    void row_runs(std::int64_t query, std::vector<Range>& runs) const override;
    void zones_in(Range rows, ZoneSet& out) const override;
    [[nodiscard]] std::vector<TileRun> classify_row_of_tiles(Range q, std::int64_t k_tile) const override;
    [[nodiscard]] TileRowCounts count_row_of_tiles(Range q, std::int64_t k_tile) const override;
    [[nodiscard]] std::unique_ptr<Mask> transposed() const override;

  private:
    // The row of blocks that holds the query.
    [[nodiscard]] std::int64_t row_of(std::int64_t query) const;
    // Calls visit(row, tokens) for the rows of blocks in the range of tokens.
    template <typename Visit>
    void visit_rows(Range tokens, Visit visit) const;
    // The runs of the row from the first on that ends behind the key.
    [[nodiscard]] std::span<const BlockRun> runs_from(std::int64_t row, std::int64_t key) const;

    // Zones are then faster than a look at every tile.
    [[nodiscard]] bool has_few_runs(Range q, std::int64_t k_tile) const;
    [[nodiscard]] TileSums tile_sums(Range q, std::int64_t k_tile) const;

    BlockRows blocks_;
    std::vector<std::int64_t> pairs_before_;  // of each row of blocks, and all
};

}  // namespace longscope
