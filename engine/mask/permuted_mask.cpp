// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/permuted_mask.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/mask/bit_words.h"
#include "engine/mask/bitmap_mask.h"
#include "engine/mask/permuted_zones.h"
#include "engine/mask/tile_sums.h"
#include "engine/mask/zone_mask.h"
#include "engine/mask/zone_questions.h"

namespace longscope {

namespace {

constexpr std::int64_t rows_a_slab = 64;
std::vector<std::int64_t> even_slabs(std::int64_t rows) {
    std::vector<std::int64_t> begins;
    for (std::int64_t row = 0; row < rows; row += rows_a_slab) {
        begins.push_back(row);
    }
    return begins;
}

// Calls visit(range) for what the positions of a range hold, in runs.
template <typename Visit>
void visit_image(const Permutation& permutation, Range positions, Visit visit) {
    permutation.visit_pieces(positions, [&](const PermutationPiece& piece, Range part) {
        if (piece.step == 1) {
            visit(Range{piece.token(part.begin), piece.token(part.end)});
        } else if (piece.step == -1) {
            visit(Range{piece.token(part.end - 1), piece.token(part.begin) + 1});
        } else {
            for (std::int64_t position = part.begin; position < part.end; ++position) {
                const std::int64_t token = piece.token(position);
                visit(Range{token, token + 1});
            }
        }
    });
}

TokenSet image_of(const Permutation& permutation, const std::vector<Range>& positions) {
    if (positions.size() == 1) {
        // Of one piece that goes up in steps: a rule.
        const Range range = positions.front();
        std::vector<PermutationPiece> pieces;
        permutation.visit_pieces(range, [&](const PermutationPiece& piece, Range /*part*/) {
            if (pieces.size() < 2) {
                pieces.push_back(piece);
            }
        });
        if (pieces.size() == 1 && pieces.front().step > 1) {
            const PermutationPiece& piece = pieces.front();
            return TokenSet::every(piece.token(range.begin), piece.step, piece.token(range.end - 1) + 1);
        }
    }
    std::vector<Range> tokens;
    for (const Range range : positions) {
        visit_image(permutation, range, [&](Range run) { tokens.push_back(run); });
    }
    return TokenSet(std::move(tokens));
}

TokenSet image_of(const Permutation& permutation, const TokenSet& positions) {
    std::vector<Range> ranges;
    for (const Range range : positions.ranges()) {
        ranges.push_back(range);
    }
    return image_of(permutation, ranges);
}

// Many single positions are sorted as bits.
void join_positions(std::vector<Range>& positions, std::int64_t tokens) {
    if (static_cast<std::int64_t>(positions.size()) < tokens / 64) {
        join_runs(positions);
        return;
    }
    std::vector<std::uint64_t> bits(static_cast<std::size_t>(words_of(tokens)), 0);
    for (const Range range : positions) {
        set_bits(bits, range);
    }
    positions.clear();
    append_bit_runs(bits, 0, positions);
}

}  // namespace

PermutedMask::PermutedMask(std::shared_ptr<const Mask> mask, std::shared_ptr<const Order> rows,
                           std::shared_ptr<const Order> columns)
    : LazyMask(mask->query_tokens(), mask->key_tokens(), even_slabs(mask->query_tokens())),
      mask_(std::move(mask)),
      rows_(std::move(rows)),
      columns_(std::move(columns)) {}

bool PermutedMask::contains(std::int64_t query, std::int64_t key) const {
    return box().q.contains(query) && box().k.contains(key) &&
           mask_->contains(rows_->token.token(query), columns_->token.token(key));
}

std::int64_t PermutedMask::pairs_in(const Box& any_box) const {
    const Box part{intersect(any_box.q, box().q), intersect(any_box.k, box().k)};
    if (part.q.empty() || part.k.empty()) {
        return 0;
    }
    if (part == box()) {
        return mask_->pairs();
    }
    if (part.q == box().q || part.k == box().k) {
        // The order of the whole side makes no difference.
        const bool all_rows = part.q == box().q;
        const TokenSet queries = all_rows ? TokenSet({part.q}) : image_of(rows_->token, {part.q});
        const TokenSet keys = all_rows ? image_of(columns_->token, {part.k}) : TokenSet({part.k});
        return mask_->pairs_between(queries, keys);
    }
    return mask_->pairs_between(image_of(rows_->token, {part.q}), image_of(columns_->token, {part.k}));
}

std::int64_t PermutedMask::pairs_with(Range rows, const TokenSet& keys) const {
    return mask_->pairs_between(image_of(rows_->token, {rows}), image_of(columns_->token, keys));
}

void PermutedMask::row_runs(std::int64_t query, std::vector<Range>& runs) const {
    std::vector<Range> tokens;
    mask_->row_runs(rows_->token.token(query), tokens);
    runs.clear();
    for (const Range run : tokens) {
        visit_image(columns_->place, run, [&](Range positions) { runs.push_back(positions); });
    }
    join_positions(runs, key_tokens());
}

void PermutedMask::zones_in(Range rows, ZoneSet& out) const {
    Mask::zones_in(rows, out);
}

TileSums PermutedMask::tile_sums(Range q, std::int64_t k_tile) const {
    // How many of the rows see each token, as steps at which the number changes; each run of tokens is then taken to
    // its positions once, not row by row.
    std::vector<std::pair<std::int64_t, std::int64_t>> steps;
    std::vector<Range> runs;
    for (std::int64_t row = q.begin; row < q.end; ++row) {
        mask_->row_runs(rows_->token.token(row), runs);
        for (const Range run : runs) {
            steps.emplace_back(run.begin, 1);
            steps.emplace_back(run.end, -1);
        }
    }
    std::sort(steps.begin(), steps.end());
    TileSums sums(key_tokens(), k_tile);
    std::int64_t seeing = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        seeing += steps[i].second;
        const std::int64_t end = i + 1 < steps.size() ? steps[i + 1].first : steps[i].first;
        if (seeing > 0 && end > steps[i].first) {
            visit_image(columns_->place, {steps[i].first, end}, [&](Range positions) { sums.add(positions, seeing); });
        }
    }
    return sums;
}

std::vector<TileRun> PermutedMask::classify_row_of_tiles(Range q, std::int64_t k_tile) const {
    return tile_sums(q, k_tile).runs(q.size());
}

TileRowCounts PermutedMask::count_row_of_tiles(Range q, std::int64_t k_tile) const {
    return tile_sums(q, k_tile).counts(q.size());
}

Range PermutedMask::key_extent(Range q) const {
    const Range rows = intersect(q, box().q);
    if (!columns_->token.is_identity() || rows.empty()) {
        return rows.empty() ? Range{} : box().k;
    }
    Range extent{key_tokens(), 0};
    visit_image(rows_->token, rows, [&](Range queries) {
        if (const Range keys = mask_->key_extent(queries); !keys.empty()) {
            extent = {std::min(extent.begin, keys.begin), std::max(extent.end, keys.end)};
        }
    });
    return extent.empty() ? Range{} : extent;
}

std::unique_ptr<Mask> PermutedMask::transposed() const {
    return std::make_unique<PermutedMask>(mask_->transposed(), columns_, rows_);
}

std::shared_ptr<const Mask> permuted_mask(const std::shared_ptr<const Mask>& mask, Permutation rows,
                                          Permutation columns, const std::string& field, double most_runs) {
    if ((rows.is_identity() && columns.is_identity()) || mask->box().pairs() == 0) {
        return mask;
    }
    if (const auto* zones = dynamic_cast<const ZoneMask*>(mask.get())) {
        const ZoneTree tree{ZoneTree::Kind::zones, zones->zones(), {}, zones->striped()};
        if (std::optional<ZoneTree> moved = permuted(tree, rows, columns)) {
            return compile_tree(std::make_shared<const ZoneTree>(std::move(*moved)), mask->query_tokens(),
                                mask->key_tokens());
        }
    }
    if (const BitmapMask* bitmap = bitmap_of(*mask)) {
        return std::make_shared<BitmapMask>(
            std::make_shared<const BitmapRows>(bitmap->bits()->in_order(rows, columns)));
    }
    const auto pieces = static_cast<std::int64_t>(columns.pieces().size());
    const double runs =
        static_cast<double>(mask->pairs()) / static_cast<double>(columns.tokens()) * static_cast<double>(pieces);
    if (runs > most_runs) {
        throw bad_input(field, fmt::format("an order of {} pieces", format_count(pieces)),
                        fmt::format("takes the {} pairs of the mask apart too far", format_count(mask->pairs())),
                        "an order that keeps longer runs of tokens, a sparser mask or a shorter sequence");
    }
    auto row_order = std::make_shared<const PermutedMask::Order>(std::move(rows));
    auto column_order = std::make_shared<const PermutedMask::Order>(std::move(columns));
    return std::make_shared<PermutedMask>(mask, std::move(row_order), std::move(column_order));
}

}  // namespace longscope
