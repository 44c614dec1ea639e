// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/bitmap_mask.h"

#include <algorithm>

#include "engine/mask/stripe.h"

namespace longscope {

namespace {

std::vector<std::int64_t> slabs_of(const BitmapRows& bits) {
    std::vector<std::int64_t> begins;
    for (std::size_t row = 0; row < bits.rows.size(); ++row) {
        begins.push_back(bits.queries_of(row).begin);
    }
    return begins;
}

std::vector<std::uint64_t> bits_of(const TokenSet& keys, std::int64_t key_tokens) {
    std::vector<std::uint64_t> words(static_cast<std::size_t>(words_of(key_tokens)), 0);
    for (const Range range : keys.ranges()) {
        set_bits(words, intersect(range, {0, key_tokens}));
    }
    return words;
}

// Whether some bit of a range is 1, or all of them are.
bool any_in(std::span<const std::uint64_t> words, Range bits) {
    bool any = false;
    visit_words(bits, [&](std::int64_t word, std::uint64_t those) {
        any = any || (words[static_cast<std::size_t>(word)] & those) != 0;
    });
    return any;
}
bool all_in(std::span<const std::uint64_t> words, Range bits) {
    bool all = true;
    visit_words(bits, [&](std::int64_t word, std::uint64_t those) {
        all = all && (words[static_cast<std::size_t>(word)] & those) == those;
    });
    return all;
}

}  // namespace

BitmapMask::BitmapMask(std::shared_ptr<const BitmapRows> bits)
    : LazyMask(bits->query_tokens, bits->key_tokens, slabs_of(*bits)), bits_(std::move(bits)), pairs_above_{0} {
    for (const BitmapRow& row : bits_->rows) {
        pairs_above_.push_back(pairs_above_.back() + row.pairs);
    }
}

template <typename Visit>
void BitmapMask::visit_rows(Range queries, Visit visit) const {
    const Range rows = intersect(queries, box().q);
    for (std::int64_t begin = rows.begin; begin < rows.end;) {
        const std::int64_t row = begin / bitmap_block;
        const std::int64_t first = row * bitmap_block;
        const std::int64_t end = std::min(rows.end, first + bitmap_block);
        visit(bits_->rows[static_cast<std::size_t>(row)], Range{begin - first, end - first});
        begin = end;
    }
}

bool BitmapMask::contains(std::int64_t query, std::int64_t key) const {
    if (!box().q.contains(query) || !box().k.contains(key)) {
        return false;
    }
    const BitmapRow& row = bits_->rows[static_cast<std::size_t>(query / bitmap_block)];
    const std::int64_t column = key / bitmap_block;
    const auto run = row.run_from(column);
    if (run == row.runs.end() || run->begin > column) {
        return false;
    }
    const auto place = static_cast<std::size_t>(column - run->begin);
    return run->whole ||
           (row.words_of(*run, query % bitmap_block)[place] >> static_cast<unsigned>(key % bitmap_block) & 1U) != 0;
}

std::int64_t BitmapMask::pairs_before(const BitmapRow& row, std::int64_t key) const {
    const std::int64_t column = key / bitmap_block;
    const auto run = row.run_from(column);
    if (run == row.runs.end()) {
        return row.pairs;
    }
    if (run->begin > column) {
        return run->pairs_before;
    }
    if (run->whole) {
        return run->pairs_before + (key - run->begin * bitmap_block) * row.queries;
    }
    const auto place = static_cast<std::size_t>(column - run->begin);
    std::int64_t sum = run->pairs_before + row.blocks[run->first_block + place].pairs_before;
    if (const std::uint64_t left = low_bits(key % bitmap_block); left != 0) {
        for (std::int64_t query = 0; query < row.queries; ++query) {
            sum += std::popcount(row.words_of(*run, query)[place] & left);
        }
    }
    return sum;
}

std::int64_t BitmapMask::pairs_of(const BitmapRow& row, Range queries, Range keys) const {
    if (queries.size() == row.queries) {
        return pairs_before(row, keys.end) - pairs_before(row, keys.begin);
    }
    std::int64_t sum = 0;
    for (auto run = row.run_from(keys.begin / bitmap_block); run != row.runs.end(); ++run) {
        const Range part = intersect(bits_->keys_of(*run), keys);
        if (part.empty()) {
            break;
        }
        if (run->whole) {
            sum += part.size() * queries.size();
            continue;
        }
        const std::int64_t first = run->begin * bitmap_block;
        for (std::int64_t query = queries.begin; query < queries.end; ++query) {
            const auto words = row.words_of(*run, query);
            visit_words({part.begin - first, part.end - first}, [&](std::int64_t word, std::uint64_t those) {
                sum += std::popcount(words[static_cast<std::size_t>(word)] & those);
            });
        }
    }
    return sum;
}

std::int64_t BitmapMask::pairs_in(const Box& any_box) const {
    const Box part{intersect(any_box.q, box().q), intersect(any_box.k, box().k)};
    if (part.q.empty() || part.k.empty()) {
        return 0;
    }
    if (part == box()) {
        return pairs_above_.back();
    }
    std::int64_t sum = 0;
    Range rows = part.q;
    if (part.k == box().k) {
        // Whole rows of blocks at once.
        const std::int64_t first = ceil_divided(rows.begin, bitmap_block);
        const std::int64_t end = rows.end == query_tokens() ? words_of(rows.end) : rows.end / bitmap_block;
        if (first < end) {
            sum += pairs_above_[static_cast<std::size_t>(end)] - pairs_above_[static_cast<std::size_t>(first)];
            sum += pairs_in({{rows.begin, first * bitmap_block}, part.k});
            rows.begin = end * bitmap_block;
        }
    }
    visit_rows(rows, [&](const BitmapRow& row, Range queries) { sum += pairs_of(row, queries, part.k); });
    return sum;
}

std::int64_t BitmapMask::pairs_of(const BitmapRow& row, Range queries, const TokenSet& keys,
                                  std::span<const std::uint64_t> key_bits) const {
    std::int64_t sum = 0;
    for (const BitmapRun& run : row.runs) {
        if (run.whole) {
            sum += keys.count_in(bits_->keys_of(run)) * queries.size();
            continue;
        }
        for (std::int64_t query = queries.begin; query < queries.end; ++query) {
            const auto words = row.words_of(run, query);
            for (std::size_t i = 0; i < words.size(); ++i) {
                sum += std::popcount(words[i] & key_bits[run.begin + i]);
            }
        }
    }
    return sum;
}

std::int64_t BitmapMask::pairs_with(Range rows, const TokenSet& keys) const {
    return pairs_between(TokenSet({rows}), keys);
}

std::int64_t BitmapMask::pairs_between(const TokenSet& queries, const TokenSet& keys) const {
    std::int64_t sum = 0;
    if (keys.ranges().size() <= 1) {
        for (const Range rows : queries.ranges()) {
            sum += keys.size() == 0 ? 0 : pairs_in({rows, keys.ranges()[0]});
        }
        return sum;
    }
    const std::vector<std::uint64_t> key_bits = bits_of(keys, key_tokens());
    for (const Range rows : queries.ranges()) {
        visit_rows(rows, [&](const BitmapRow& row, Range part) { sum += pairs_of(row, part, keys, key_bits); });
    }
    return sum;
}

void BitmapMask::row_runs(std::int64_t query, std::vector<Range>& runs) const {
    runs.clear();
    const BitmapRow& row = bits_->rows[static_cast<std::size_t>(query / bitmap_block)];
    for (const BitmapRun& run : row.runs) {
        if (run.whole) {
            append_joined(bits_->keys_of(run), runs);
        } else {
            append_bit_runs(row.words_of(run, query % bitmap_block), run.begin * bitmap_block, runs);
        }
    }
}

void BitmapMask::zones_in(Range rows, ZoneSet& out) const {
    Mask::zones_in(rows, out);
}

BitmapMask::Seen BitmapMask::seen_by(Range q) const {
    const auto width = static_cast<std::size_t>(words_of(key_tokens()));
    Seen seen{std::vector<std::uint64_t>(width, 0), std::vector<std::uint64_t>(width, ~std::uint64_t{0})};
    std::vector<std::uint64_t> all;  // of a row of blocks
    visit_rows(q, [&](const BitmapRow& row, Range queries) {
        all.assign(width, 0);
        for (const BitmapRun& run : row.runs) {
            if (run.whole) {
                set_bits(seen.any, bits_->keys_of(run));
                set_bits(all, bits_->keys_of(run));
            } else if (queries.size() == row.queries) {
                for (std::size_t i = 0; i < static_cast<std::size_t>(run.columns()); ++i) {
                    seen.any[run.begin + i] |= row.blocks[run.first_block + i].any;
                    all[run.begin + i] = row.blocks[run.first_block + i].all;
                }
            } else {
                std::fill(all.begin() + run.begin, all.begin() + run.end, ~std::uint64_t{0});
                for (std::int64_t query = queries.begin; query < queries.end; ++query) {
                    const auto words = row.words_of(run, query);
                    for (std::size_t i = 0; i < words.size(); ++i) {
                        seen.any[run.begin + i] |= words[i];
                        all[run.begin + i] &= words[i];
                    }
                }
            }
        }
        for (std::size_t i = 0; i < width; ++i) {
            seen.all[i] &= all[i];
        }
    });
    return seen;
}

std::vector<TileRun> BitmapMask::classify_row_of_tiles(Range q, std::int64_t k_tile) const {
    const Seen seen = seen_by(q);
    std::vector<TileRun> runs;
    for (std::int64_t tile = 0; tile * k_tile < key_tokens(); ++tile) {
        const Range keys{tile * k_tile, std::min((tile + 1) * k_tile, key_tokens())};
        const TileClass tile_class = !any_in(seen.any, keys)  ? TileClass::empty
                                     : all_in(seen.all, keys) ? TileClass::full
                                                              : TileClass::partial;
        if (!runs.empty() && runs.back().tile_class == tile_class) {
            runs.back().tiles.end = tile + 1;
        } else {
            runs.push_back({{tile, tile + 1}, tile_class});
        }
    }
    return runs;
}

TileRowCounts BitmapMask::count_row_of_tiles(Range q, std::int64_t k_tile) const {
    TileRowCounts counts;
    for (const TileRun& run : classify_row_of_tiles(q, k_tile)) {
        counts.of(run.tile_class) += run.tiles.size();
    }
    return counts;
}

Range BitmapMask::key_extent(Range q) const {
    Range extent{key_tokens(), 0};
    visit_rows(q, [&](const BitmapRow& row, Range /*queries*/) {
        if (row.runs.empty()) {
            return;
        }
        // Of the whole row of blocks: which of its queries see the outermost keys is not asked.
        const BitmapRun& first = row.runs.front();
        const BitmapRun& last = row.runs.back();
        const auto bit = first.whole ? 0 : std::countr_zero(row.blocks[first.first_block].any);
        const auto back = last.whole ? 0 : std::countl_zero(row.blocks.back().any);
        extent.begin = std::min(extent.begin, first.begin * bitmap_block + bit);
        extent.end = std::max(extent.end, std::min(last.end * bitmap_block - back, key_tokens()));
    });
    return extent.empty() ? Range{} : extent;
}

std::unique_ptr<Mask> BitmapMask::transposed() const {
    return std::make_unique<BitmapMask>(std::make_shared<const BitmapRows>(bits_->transposed()));
}

const BitmapMask* bitmap_of(const Mask& mask) {
    return dynamic_cast<const BitmapMask*>(&mask);
}

void add_row_bits(const Mask& mask, std::int64_t query, std::span<std::uint64_t> words, std::vector<Range>& runs) {
    if (const BitmapMask* bitmap = bitmap_of(mask)) {
        bitmap->bits()->add_bits(query, words);
        return;
    }
    mask.row_runs(query, runs);
    for (const Range run : runs) {
        set_bits(words, run);
    }
}

}  // namespace longscope
