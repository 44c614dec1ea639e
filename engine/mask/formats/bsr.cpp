// SPDX-License-Identifier: GPL-3.0-or-later
// FlashInfer's block sparse rows: of each row of R x C blocks the columns of those that are kept, as compressed rows
// (indptr, indices). There are whole blocks only.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "engine/base/error.h"
#include "engine/mask/formats/formats.h"
#include "engine/mask/mask_of_zones.h"
#include "engine/mask/zone_gatherer.h"

namespace longscope {

namespace {

constexpr std::int64_t max_rows = std::int64_t{1} << 24;

struct BlockSize {
    std::int64_t r = 0;
    std::int64_t c = 0;
};

void require_multiples(const Mask& mask, const BlockSize& block) {
    for (const auto& [what, tokens, size] :
         {std::tuple{"queries", mask.query_tokens(), block.r}, {"keys", mask.key_tokens(), block.c}}) {
        if (tokens % size != 0) {
            throw does_not_fit("bsr",
                               fmt::format("a mask of {} {}, which blocks of {} do not divide,", tokens, what, size),
                               "--q-block and --k-block that divide queries and keys");
        }
    }
}

BlockSize block_size(const MaskArrays& arrays) {
    const auto size = [&](const char* name, std::int64_t tokens) {
        const std::int64_t value = arrays.number(name, 1, max_tokens);
        if (tokens % value != 0) {
            throw bad_input(arrays.field(name), std::to_string(value), fmt::format("does not divide {} tokens", tokens),
                            "a divisor");
        }
        return value;
    };
    return {size("R", arrays.query_tokens), size("C", arrays.key_tokens)};
}

// The columns of one row of blocks, ascending; refuses those that are named twice.
std::vector<std::int64_t> columns_of(const MaskArrays& arrays, const IntegerArray& indices, Range places,
                                     std::int64_t all_columns) {
    std::vector<std::int64_t> columns;
    columns.reserve(static_cast<std::size_t>(places.size()));
    for (std::int64_t i = places.begin; i < places.end; ++i) {
        columns.push_back(arrays.checked("indices", indices, i, 0, all_columns - 1));
    }
    std::sort(columns.begin(), columns.end());
    if (const auto twice = std::adjacent_find(columns.begin(), columns.end()); twice != columns.end()) {
        throw bad_input(fmt::format("{}[{}:{}]", arrays.field("indices"), places.begin, places.end),
                        fmt::format("column {}", *twice), "is named twice in its row", "each block at most once");
    }
    return columns;
}

}  // namespace

MaskArrays write_bsr(const Mask& mask, const FormatOptions& options) {
    const BlockSize block{options.q_block, options.k_block};
    require_multiples(mask, block);
    std::vector<std::int32_t> indptr{0};
    std::vector<std::int32_t> indices;
    for (std::int64_t q = 0; q < mask.query_tokens(); q += block.r) {
        for (const TileRun& run : mask.classify_row_of_tiles({q, q + block.r}, block.c)) {
            if (run.tile_class == TileClass::partial) {
                throw does_not_fit("bsr",
                                   fmt::format("block ({}, {}) of {} x {}, which is kept in part,", q / block.r,
                                               run.tiles.begin, block.r, block.c),
                                   "whole blocks only: another --q-block and --k-block, or the format packed");
            }
            if (run.tile_class == TileClass::full) {
                require_budget("BSR indices", 4 * (static_cast<std::int64_t>(indices.size()) + run.tiles.size()),
                               options);
                for (std::int64_t column = run.tiles.begin; column < run.tiles.end; ++column) {
                    indices.push_back(static_cast<std::int32_t>(column));
                }
            }
        }
        indptr.push_back(static_cast<std::int32_t>(indices.size()));
    }
    MaskArrays arrays{"bsr", mask.query_tokens(), mask.key_tokens(), {}, {}, {}, ""};
    arrays.scalars["R"] = block.r;
    arrays.scalars["C"] = block.c;
    const auto rows = static_cast<std::int64_t>(indptr.size());
    const auto blocks = static_cast<std::int64_t>(indices.size());
    arrays.arrays["indptr"] = {{rows}, std::move(indptr)};
    arrays.arrays["indices"] = {{blocks}, std::move(indices)};
    return arrays;
}

std::unique_ptr<Mask> read_bsr(const MaskArrays& arrays, const Mask* /*companion*/) {
    const BlockSize block = block_size(arrays);
    const std::int64_t rows = arrays.query_tokens / block.r;
    const std::int64_t columns = arrays.key_tokens / block.c;
    const IntegerArray& indptr = arrays.list("indptr");
    const IntegerArray& indices = arrays.list("indices");
    if (rows > max_rows || indptr.size() != rows + 1) {
        throw bad_input(arrays.field("indptr"), fmt::format("{} numbers", indptr.size()),
                        fmt::format("do not fit {} rows of blocks", rows),
                        fmt::format("rows + 1 numbers, and at most {} rows", max_rows));
    }
    ZoneList zones;
    std::int64_t begin = arrays.checked("indptr", indptr, 0, 0, 0);
    for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t end = arrays.checked("indptr", indptr, row + 1, begin, indices.size());
        const Range queries{row * block.r, (row + 1) * block.r};
        Range run{0, 0};
        for (const std::int64_t column : columns_of(arrays, indices, {begin, end}, columns)) {
            if (column * block.c != run.end || run.empty()) {
                if (!run.empty()) {
                    zones.push_back(box_zone({queries, run}));
                }
                run = {column * block.c, column * block.c};
            }
            run.end += block.c;
        }
        if (!run.empty()) {
            zones.push_back(box_zone({queries, run}));
        }
        require_zone_count(zones.size(), arrays.field("indices"));
        begin = end;
    }
    if (begin != indices.size()) {
        throw bad_input(arrays.field("indices"), fmt::format("{} numbers", indices.size()),
                        "are not as many as indptr ends with", std::to_string(begin));
    }
    return mask_of_zones(arrays.query_tokens, arrays.key_tokens, std::move(zones));
}

}  // namespace longscope
