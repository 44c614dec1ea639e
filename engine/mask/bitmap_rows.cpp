// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/bitmap_rows.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

#include "engine/base/thread_team.h"

namespace longscope {

namespace {

constexpr std::int64_t block_rows_a_thread = 4;

enum class BlockKind { none, whole, in_part };

// Of a row of blocks, before it is kept: for each column the keys that some query sees, and those that every one sees.
struct Summaries {
    std::vector<std::uint64_t> any;
    std::vector<std::uint64_t> all;
};

Summaries summaries_of(std::span<const std::uint64_t> words, std::size_t width) {
    Summaries found{{words.begin(), words.begin() + static_cast<std::ptrdiff_t>(width)}, {}};
    found.all = found.any;
    for (std::size_t first = width; first < words.size(); first += width) {
        for (std::size_t column = 0; column < width; ++column) {
            found.any[column] |= words[first + column];
            found.all[column] &= words[first + column];
        }
    }
    return found;
}

// The runs of the row of blocks, without their pairs.
std::vector<BitmapRun> runs_of(const Summaries& summaries, std::int64_t key_tokens) {
    std::vector<BitmapRun> runs;
    std::size_t in_part = 0;
    for (std::size_t column = 0; column < summaries.any.size(); ++column) {
        if (summaries.any[column] == 0) {
            continue;
        }
        const auto at = static_cast<std::uint32_t>(column);
        const bool whole = summaries.all[column] == bits_of_word(at, {0, key_tokens});
        if (!runs.empty() && runs.back().end == at && runs.back().whole == whole) {
            ++runs.back().end;
        } else {
            runs.push_back({at, at + 1, whole, in_part});
        }
        in_part += whole ? 0 : 1;
    }
    return runs;
}

std::int64_t bytes_of(const std::vector<BitmapRun>& runs) {
    std::int64_t bytes = static_cast<std::int64_t>(runs.size() * sizeof(BitmapRun) + sizeof(BitmapRow));
    for (const BitmapRun& run : runs) {
        bytes += run.whole ? 0 : run.columns() * bytes_a_block;
    }
    return bytes;
}

void append_words(const BitmapRun& run, std::span<const std::uint64_t> words, const Summaries& summaries,
                  BitmapRow& row) {
    const std::size_t width = summaries.any.size();
    std::vector<std::int64_t> pairs(static_cast<std::size_t>(run.columns()), 0);
    for (std::size_t first = run.begin; first < words.size(); first += width) {
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            row.words.push_back(words[first + i]);
            pairs[i] += std::popcount(words[first + i]);
        }
    }
    std::int64_t before = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        row.blocks.push_back({before, summaries.any[run.begin + i], summaries.all[run.begin + i]});
        before += pairs[i];
    }
    row.pairs += before;
}

// The words of all rows of a row of blocks; nothing where more bytes than `bytes_left` would be needed.
template <typename TakeBytes>
std::optional<BitmapRow> compressed(std::span<const std::uint64_t> words, std::int64_t key_tokens,
                                    const TakeBytes& take) {
    BitmapRow row;
    const auto width = static_cast<std::size_t>(words_of(key_tokens));
    if (width == 0) {
        return row;
    }
    const Summaries summaries = summaries_of(words, width);
    std::vector<BitmapRun> runs = runs_of(summaries, key_tokens);
    if (!take(bytes_of(runs))) {
        return std::nullopt;
    }
    row.queries = static_cast<std::int64_t>(words.size() / width);
    std::size_t in_part = 0;
    for (const BitmapRun& run : runs) {
        in_part += run.whole ? 0 : static_cast<std::size_t>(run.columns());
    }
    row.blocks.reserve(in_part);
    row.words.reserve(in_part * static_cast<std::size_t>(row.queries));
    for (BitmapRun& run : runs) {
        run.pairs_before = row.pairs;
        if (run.whole) {
            const Range keys{run.begin * bitmap_block, std::min(run.end * bitmap_block, key_tokens)};
            row.pairs += keys.size() * row.queries;
        } else {
            append_words(run, words, summaries, row);
        }
    }
    runs.shrink_to_fit();
    row.runs = std::move(runs);
    return row;
}

// The words of a column of blocks, one a query, where it is not empty.
void add_column(const BitmapRows& rows, std::int64_t column, std::span<std::uint64_t> words, std::size_t width) {
    std::array<std::uint64_t, 64> block{};
    const Range keys{column * bitmap_block, std::min((column + 1) * bitmap_block, rows.key_tokens)};
    for (std::size_t at = 0; at < rows.rows.size(); ++at) {
        const BitmapRow& row = rows.rows[at];
        const auto run = row.run_from(column);
        if (run == row.runs.end() || run->begin > column) {
            continue;
        }
        block.fill(0);
        const auto queries = static_cast<std::size_t>(row.queries);
        if (run->whole) {
            std::fill_n(block.begin(), queries, low_bits(keys.size()));
        } else {
            const auto place = static_cast<std::size_t>(column - run->begin);
            for (std::size_t query = 0; query < queries; ++query) {
                block.at(query) = row.words_of(*run, static_cast<std::int64_t>(query))[place];
            }
        }
        transpose_words(block);
        for (std::size_t key = 0; key < static_cast<std::size_t>(keys.size()); ++key) {
            words[key * width + at] = block.at(key);
        }
    }
}

}  // namespace

std::vector<BitmapRun>::const_iterator BitmapRow::run_from(std::int64_t column) const {
    return std::partition_point(runs.begin(), runs.end(), [&](const BitmapRun& run) { return run.end <= column; });
}

void BitmapRows::add_bits(std::int64_t query, std::span<std::uint64_t> words) const {
    const BitmapRow& row = rows[static_cast<std::size_t>(query / bitmap_block)];
    for (const BitmapRun& run : row.runs) {
        if (run.whole) {
            set_bits(words, keys_of(run));
            continue;
        }
        const auto own = row.words_of(run, query % bitmap_block);
        for (std::size_t i = 0; i < own.size(); ++i) {
            words[run.begin + i] |= own[i];
        }
    }
}

std::int64_t BitmapRows::bytes() const {
    std::int64_t sum = 0;
    for (const BitmapRow& row : rows) {
        sum += bytes_of(row.runs);
    }
    return sum;
}

BitmapRows BitmapRows::transposed() const {
    const auto width = static_cast<std::size_t>(words_of(query_tokens));
    const auto fill = [&](Range keys, std::span<std::uint64_t> words) {
        add_column(*this, keys.begin / bitmap_block, words, width);
    };
    return *bitmap_rows(key_tokens, query_tokens, fill, INT64_MAX);
}

BitmapRows BitmapRows::in_order(const Permutation& queries, const Permutation& keys) const {
    const auto with_rows = [](const BitmapRows& bits, const Permutation& order) {
        const auto width = static_cast<std::size_t>(words_of(bits.key_tokens));
        const auto fill = [&](Range positions, std::span<std::uint64_t> words) {
            for (std::int64_t position = positions.begin; position < positions.end; ++position) {
                const auto first = static_cast<std::size_t>(position - positions.begin) * width;
                bits.add_bits(order.token(position), words.subspan(first, width));
            }
        };
        return *bitmap_rows(bits.query_tokens, bits.key_tokens, fill, INT64_MAX);
    };
    // Columns are moved as rows of the mirror image: a word at a time.
    const BitmapRows moved = queries.is_identity() ? *this : with_rows(*this, queries);
    return keys.is_identity() ? moved : with_rows(moved.transposed(), keys).transposed();
}

BitmapBuilder::BitmapBuilder(std::int64_t query_tokens, std::int64_t key_tokens, std::int64_t most_bytes)
    : rows_{query_tokens, key_tokens, {}},
      bytes_left_(most_bytes),
      words_a_row_(static_cast<std::size_t>(words_of(key_tokens))) {}

std::span<std::uint64_t> BitmapBuilder::next_row() {
    if (open_rows_ == bitmap_block) {
        close();
    }
    open_.resize(static_cast<std::size_t>(++open_rows_) * words_a_row_, 0);
    return std::span(open_).last(words_a_row_);
}

void BitmapBuilder::add_earlier(std::int64_t query, std::span<std::uint64_t> words) const {
    const std::int64_t first_open = static_cast<std::int64_t>(rows_.rows.size()) * bitmap_block;
    if (query < first_open) {
        rows_.add_bits(query, words);
        return;
    }
    const auto own =
        std::span(open_).subspan(static_cast<std::size_t>(query - first_open) * words_a_row_, words_a_row_);
    for (std::size_t i = 0; i < own.size(); ++i) {
        words[i] |= own[i];
    }
}

void BitmapBuilder::close() {
    const auto take = [&](std::int64_t bytes) { return (bytes_left_ -= bytes) >= 0; };
    if (fits_ && open_rows_ > 0) {
        std::optional<BitmapRow> row = compressed(open_, rows_.key_tokens, take);
        fits_ = row.has_value();
        if (fits_) {
            rows_.rows.push_back(std::move(*row));
        }
    }
    open_.clear();
    open_rows_ = 0;
}

std::optional<BitmapRows> BitmapBuilder::finish() {
    close();
    return fits_ ? std::optional(std::move(rows_)) : std::nullopt;
}

std::optional<BitmapRows> bitmap_rows(std::int64_t query_tokens, std::int64_t key_tokens, const FillBits& fill,
                                      std::int64_t most_bytes) {
    BitmapRows all{query_tokens, key_tokens, std::vector<BitmapRow>(static_cast<std::size_t>(words_of(query_tokens)))};
    const auto width = static_cast<std::size_t>(words_of(key_tokens));
    std::atomic<std::int64_t> bytes_left = most_bytes;
    std::atomic<bool> fits = true;
    const auto take = [&](std::int64_t bytes) { return bytes_left.fetch_sub(bytes) >= bytes; };
    const auto count = static_cast<std::int64_t>(all.rows.size());
    ThreadTeam().for_each_range(count, block_rows_a_thread, [&](std::int64_t begin, std::int64_t end) {
        std::vector<std::uint64_t> words;
        for (std::int64_t i = begin; i < end && fits; ++i) {
            const auto at = static_cast<std::size_t>(i);
            const Range queries = all.queries_of(at);
            words.assign(static_cast<std::size_t>(queries.size()) * width, 0);
            fill(queries, words);
            std::optional<BitmapRow> row = compressed(words, key_tokens, take);
            if (row) {
                all.rows[at] = std::move(*row);
            } else {
                fits = false;
            }
        }
    });
    return fits ? std::optional(std::move(all)) : std::nullopt;
}

}  // namespace longscope
