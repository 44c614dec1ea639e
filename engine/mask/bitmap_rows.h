// SPDX-License-Identifier: GPL-3.0-or-later
// The bits of a matrix in blocks of 64 x 64, row of blocks by row of blocks: blocks without a pair are not kept, those
// with all of their pairs have no bits, the others have 64 words each. Runs of blocks of a kind stand together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/mask/bit_words.h"
#include "engine/mask/permutation.h"
#include "engine/mask/zone.h"

namespace longscope {

// Queries of a row of blocks, keys of a column of blocks.
inline constexpr std::int64_t bitmap_block = bits_a_word;

// What the bits of one mask may take: those of 65,536 x 65,536 tokens of which every block is kept in part.
inline constexpr std::int64_t max_bitmap_bits = std::int64_t{1} << 32U;

// Neighbours in a row of blocks that are all kept whole, or all in part.
struct BitmapRun {
    std::uint32_t begin = 0;  // of columns of blocks
    std::uint32_t end = 0;
    bool whole = false;
    std::size_t first_block = 0;    // of those in part: its place among all in part of the row of blocks
    std::int64_t pairs_before = 0;  // left of the run, in the row of blocks

    [[nodiscard]] std::int64_t columns() const { return std::int64_t{end} - begin; }
};

// Of a block that is kept in part.
struct BlockSummary {
    std::int64_t pairs_before = 0;  // left of it, in its run
    std::uint64_t any = 0;          // keys that some query sees
    std::uint64_t all = 0;          // keys that every query sees
};

struct BitmapRow {
    std::vector<BitmapRun> runs;       // ascending
    std::vector<BlockSummary> blocks;  // those in part
    // Of each run in part the rows of its queries one after the other, each a word a block.
    std::vector<std::uint64_t> words;
    std::int64_t queries = 0;  // 64; the last row of blocks may have fewer
    std::int64_t pairs = 0;

    // Of a run in part, the words of one query.
    [[nodiscard]] std::span<const std::uint64_t> words_of(const BitmapRun& run, std::int64_t query) const {
        const auto width = static_cast<std::size_t>(run.columns());
        const auto first =
            run.first_block * static_cast<std::size_t>(queries) + static_cast<std::size_t>(query) * width;
        return std::span(words).subspan(first, width);
    }
    // The first run that ends right of a column of blocks.
    [[nodiscard]] std::vector<BitmapRun>::const_iterator run_from(std::int64_t column) const;
};

struct BitmapRows {
    std::int64_t query_tokens = 0;
    std::int64_t key_tokens = 0;
    std::vector<BitmapRow> rows;

    [[nodiscard]] Range queries_of(std::size_t row) const {
        const std::int64_t begin = static_cast<std::int64_t>(row) * bitmap_block;
        return {begin, std::min(begin + bitmap_block, query_tokens)};
    }
    [[nodiscard]] Range keys_of(const BitmapRun& run) const {
        return {run.begin * bitmap_block, std::min(run.end * bitmap_block, key_tokens)};
    }
    // Adds the bits of one query to the words of a row.
    void add_bits(std::int64_t query, std::span<std::uint64_t> words) const;
    [[nodiscard]] std::int64_t bytes() const;
    [[nodiscard]] BitmapRows transposed() const;
    // Row and column p are those of the tokens that stand at p.
    [[nodiscard]] BitmapRows in_order(const Permutation& queries, const Permutation& keys) const;
};

// What a block in part takes.
inline constexpr std::int64_t bytes_a_block =
    bitmap_block * static_cast<std::int64_t>(sizeof(std::uint64_t)) + static_cast<std::int64_t>(sizeof(BlockSummary));

// Bits of rows in order, kept as they come: memory is that of the blocks and of the words of 64 rows.
class BitmapBuilder {
  public:
    // Gives up before it takes more than so many bytes.
    BitmapBuilder(std::int64_t query_tokens, std::int64_t key_tokens, std::int64_t most_bytes);

    // The words of the next row, all 0, to be filled in before the next call.
    [[nodiscard]] std::span<std::uint64_t> next_row();
    // Adds the bits of a row that was given already to the words of another one.
    void add_earlier(std::int64_t query, std::span<std::uint64_t> words) const;
    // Whether all that was given is kept: rows may be left out once it is not.
    [[nodiscard]] bool fits() const { return fits_; }
    // After the last row. Nothing where it does not fit.
    [[nodiscard]] std::optional<BitmapRows> finish();

  private:
    void close();

    BitmapRows rows_;
    std::int64_t bytes_left_;
    bool fits_ = true;
    std::size_t words_a_row_;
    std::vector<std::uint64_t> open_;  // of the row of blocks that is being filled
    std::int64_t open_rows_ = 0;
};

// Fills in the bits of some rows, all 0 before: row by row, words_of(key tokens) each. Asked by several threads.
using FillBits = std::function<void(Range rows, std::span<std::uint64_t> words)>;

// The same of rows that can be asked for in any order, by several threads.
[[nodiscard]] std::optional<BitmapRows> bitmap_rows(std::int64_t query_tokens, std::int64_t key_tokens,
                                                    const FillBits& fill, std::int64_t most_bytes);

// Whether the bits of a whole matrix are no more than a mask may have.
[[nodiscard]] inline bool fits_as_bits(std::int64_t query_tokens, std::int64_t key_tokens) {
    return words_of(query_tokens) * words_of(key_tokens) <= max_bitmap_bits / (bitmap_block * bitmap_block);
}

// The most that blocks of so many bits take.
[[nodiscard]] inline std::int64_t bitmap_bytes(std::int64_t bits) {
    return (bits + bitmap_block * bitmap_block - 1) / (bitmap_block * bitmap_block) * bytes_a_block;
}

}  // namespace longscope
