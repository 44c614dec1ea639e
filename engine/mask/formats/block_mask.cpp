// SPDX-License-Identifier: GPL-3.0-or-later
// FlexAttention's BlockMask: for each row of blocks the columns of those that are kept whole (full_kv_indices) and of
// those that are kept in part (kv_indices); what the latter keep, the mask_mod says, which is no array.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/mask/formats/formats.h"
#include "engine/mask/mask_of_zones.h"
#include "engine/mask/zone_gatherer.h"
#include "engine/tensor/stored_tensor.h"

namespace longscope {

namespace {

constexpr std::int64_t default_block = 128;
constexpr std::int64_t max_blocks_a_side = std::int64_t{1} << 24;

struct Grid {
    std::int64_t query_tokens = 0;
    std::int64_t key_tokens = 0;
    std::int64_t q_block = 0;
    std::int64_t k_block = 0;

    [[nodiscard]] std::int64_t rows() const { return (query_tokens + q_block - 1) / q_block; }
    [[nodiscard]] std::int64_t columns() const { return (key_tokens + k_block - 1) / k_block; }
    [[nodiscard]] Range queries(std::int64_t row) const {
        return {row * q_block, std::min((row + 1) * q_block, query_tokens)};
    }
    [[nodiscard]] Range keys(Range blocks) const {
        return {blocks.begin * k_block, std::min(blocks.end * k_block, key_tokens)};
    }
    // Blocks that the matrix cuts off count as kept in part, as create_block_mask has it.
    [[nodiscard]] bool cut_off(std::int64_t row, std::int64_t column) const {
        return (row + 1) * q_block > query_tokens || (column + 1) * k_block > key_tokens;
    }
};

struct BlockList {
    explicit BlockList(const Grid& grid) : numbers(static_cast<std::size_t>(grid.rows()), 0) {
        indices.assign(numbers.size() * static_cast<std::size_t>(grid.columns()), 0);
    }
    void append(std::int64_t row, std::int64_t column, std::int64_t columns) {
        std::int32_t& count = numbers[static_cast<std::size_t>(row)];
        indices[static_cast<std::size_t>(row * columns + count)] = static_cast<std::int32_t>(column);
        ++count;
    }
    std::vector<std::int32_t> numbers;
    std::vector<std::int32_t> indices;
};

// The blocks of a row that one of the two lists names, ascending. Columns that were named before are refused.
class BlockRows {
  public:
    BlockRows(const MaskArrays& arrays, const Grid& grid, const std::string& numbers, const std::string& indices)
        : arrays_(arrays),
          columns_(grid.columns()),
          numbers_name_(numbers),
          indices_name_(indices),
          numbers_(&arrays.array(numbers)),
          indices_(&arrays.array(indices)) {
        require_shape(numbers_name_, *numbers_, {grid.rows()});
        require_shape(indices_name_, *indices_, {grid.rows(), grid.columns()});
    }

    // Adds them to `named`, one mark a column, of which the row's own is `mark`.
    void read(std::int64_t row, std::vector<std::int64_t>& named, std::vector<std::int64_t>& columns) const {
        const std::int64_t count = arrays_.checked(numbers_name_, *numbers_, row, 0, columns_);
        columns.clear();
        for (std::int64_t i = 0; i < count; ++i) {
            const std::int64_t column = arrays_.checked(indices_name_, *indices_, row * columns_ + i, 0, columns_ - 1);
            std::int64_t& last = named[static_cast<std::size_t>(column)];
            if (last == row) {
                throw bad_input(arrays_.field(indices_name_), fmt::format("block ({}, {})", row, column),
                                "is named twice", "each block at most once, as full or as partial");
            }
            last = row;
            columns.push_back(column);
        }
        std::sort(columns.begin(), columns.end());
    }

  private:
    // Dimensions of batch and heads, of which there may be one each, go before.
    void require_shape(const std::string& name, const IntegerArray& array, std::vector<std::int64_t> shape) const {
        std::vector<std::int64_t> with_heads{1, 1};
        with_heads.insert(with_heads.end(), shape.begin(), shape.end());
        if (array.shape() != shape && array.shape() != with_heads) {
            throw bad_input(arrays_.field(name), shape_text(array.shape()), "is not its shape",
                            shape_text(with_heads) + " (one mask at a time)");
        }
    }

    const MaskArrays& arrays_;
    std::int64_t columns_;
    std::string numbers_name_;
    std::string indices_name_;
    const IntegerArray* numbers_;
    const IntegerArray* indices_;
};

// Neighbours as one.
std::vector<Range> as_runs(const std::vector<std::int64_t>& columns) {
    std::vector<Range> runs;
    for (const std::int64_t column : columns) {
        if (!runs.empty() && runs.back().end == column) {
            ++runs.back().end;
        } else {
            runs.push_back({column, column + 1});
        }
    }
    return runs;
}

// The parts of a mask inside of some key ranges of some rows.
void append_parts(const Mask& companion, Range queries, const std::vector<Range>& keys, ZoneList& zones) {
    ZoneGatherer gatherer("--companion");
    std::vector<Range> runs;
    std::vector<Range> kept;
    for (std::int64_t query = queries.begin; query < queries.end; ++query) {
        companion.row_runs(query, runs);
        kept.clear();
        std::size_t at = 0;
        for (const Range part : keys) {
            while (at < runs.size() && runs[at].end <= part.begin) {
                ++at;
            }
            for (std::size_t i = at; i < runs.size() && runs[i].begin < part.end; ++i) {
                kept.push_back(intersect(runs[i], part));
            }
        }
        gatherer.add(query, kept);
    }
    for (const Zone& zone : gatherer.finish()) {
        zones.push_back(zone);
    }
}

Grid grid_of(const MaskArrays& arrays) {
    const auto [q_block, k_block] = arrays.two_or("BLOCK_SIZE", {default_block, default_block}, 1, max_tokens);
    const Grid grid{arrays.query_tokens, arrays.key_tokens, q_block, k_block};
    if (grid.rows() > max_blocks_a_side || grid.columns() > max_blocks_a_side) {
        throw bad_input(arrays.field("BLOCK_SIZE"), fmt::format("[{}, {}]", q_block, k_block), "makes too many blocks",
                        fmt::format("at most {} along either side", max_blocks_a_side));
    }
    return grid;
}

}  // namespace

MaskArrays write_block_mask(const Mask& mask, const FormatOptions& options) {
    const Grid grid{mask.query_tokens(), mask.key_tokens(), options.q_block, options.k_block};
    require_budget("a BlockMask", 2 * 4 * grid.rows() * (grid.columns() + 1), options);
    BlockList partial(grid);
    BlockList full(grid);
    for (std::int64_t row = 0; row < grid.rows(); ++row) {
        for (const TileRun& run : mask.classify_row_of_tiles(grid.queries(row), grid.k_block)) {
            for (std::int64_t column = run.tiles.begin; column < run.tiles.end; ++column) {
                if (run.tile_class != TileClass::empty) {
                    const bool whole = run.tile_class == TileClass::full && !grid.cut_off(row, column);
                    (whole ? full : partial).append(row, column, grid.columns());
                }
            }
        }
    }
    MaskArrays arrays{"block_mask", grid.query_tokens, grid.key_tokens, {}, {}, {}, ""};
    arrays.scalars["BLOCK_SIZE"] = std::vector<std::int64_t>{grid.q_block, grid.k_block};
    const std::vector<std::int64_t> numbers{1, 1, grid.rows()};
    const std::vector<std::int64_t> indices{1, 1, grid.rows(), grid.columns()};
    arrays.arrays["kv_num_blocks"] = {numbers, std::move(partial.numbers)};
    arrays.arrays["kv_indices"] = {indices, std::move(partial.indices)};
    arrays.arrays["full_kv_num_blocks"] = {numbers, std::move(full.numbers)};
    arrays.arrays["full_kv_indices"] = {indices, std::move(full.indices)};
    return arrays;
}

std::unique_ptr<Mask> read_block_mask(const MaskArrays& arrays, const Mask* companion) {
    const Grid grid = grid_of(arrays);
    const BlockRows partial(arrays, grid, "kv_num_blocks", "kv_indices");
    const BlockRows full(arrays, grid, "full_kv_num_blocks", "full_kv_indices");
    std::vector<std::int64_t> named(static_cast<std::size_t>(grid.columns()), -1);
    std::vector<std::int64_t> columns;
    ZoneList zones;
    for (std::int64_t row = 0; row < grid.rows(); ++row) {
        full.read(row, named, columns);
        for (const Range run : as_runs(columns)) {
            zones.push_back(box_zone({grid.queries(row), grid.keys(run)}));
        }
        partial.read(row, named, columns);
        if (columns.empty()) {
            continue;
        }
        if (companion == nullptr) {
            throw bad_input(arrays.field("kv_indices"), fmt::format("block ({}, {})", row, columns.front()),
                            "is kept in part, and the arrays do not say which part",
                            "--companion with the mask that the mask_mod makes");
        }
        std::vector<Range> keys;
        for (const Range run : as_runs(columns)) {
            keys.push_back(grid.keys(run));
        }
        append_parts(*companion, grid.queries(row), keys, zones);
        require_zone_count(zones.size(), arrays.field("kv_indices"));
    }
    return mask_of_zones(grid.query_tokens, grid.key_tokens, std::move(zones));
}

}  // namespace longscope
