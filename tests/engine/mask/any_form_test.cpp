// SPDX-License-Identifier: GPL-3.0-or-later
// Masks that are no lists of zones (permutations, rows of blocks, bits, and operators over them) against the plain
// predicate: all questions of the contract, and what is reported of them.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "engine/base/random.h"
#include "engine/mask/block_rows_mask.h"
#include "engine/mask/mask_of_zones.h"
#include "engine/mask/permuted_mask.h"
#include "engine/mask/report/mask_report.h"
#include "engine/mask/zone_gatherer.h"
#include "engine/mask/zone_tree.h"
#include "tests/support/bitmap_cases.h"
#include "tests/support/mask_contract.h"
#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

RC_GTEST_PROP(AnyForm, OfPermutationsAnswersAsThePredicateSays, ()) {
    const MaskCase drawn = *mask_case(3, true);
    check_contract(*drawn.compiled(), BruteForceMask(drawn.expression, drawn.domain));
}

BlockEdges drawn_edges() {
    BlockEdges edges{0};
    const auto lengths = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(integer_from(1, 7)));
    for (const std::int64_t length : lengths) {
        if (edges.back() + length <= most_generated_tokens) {
            edges.push_back(edges.back() + length);
        }
    }
    return edges;
}

struct DrawnMask {
    std::shared_ptr<const Mask> mask;
    std::vector<bool> cells;
};

DrawnMask drawn_blocks() {
    BlockRows blocks;
    blocks.rows = drawn_edges();
    blocks.columns = drawn_edges();
    DrawnMask drawn;
    for (std::int64_t row = 0; row < blocks.row_count(); ++row) {
        const auto kept = *positions_below(static_cast<std::int64_t>(blocks.columns.size()) - 1);
        std::vector<bool> cells(static_cast<std::size_t>(blocks.columns.back()), false);
        for (const std::int64_t number : kept) {
            const auto block = static_cast<std::uint32_t>(number);
            const bool goes_on = blocks.runs.size() > blocks.first_run.back() && blocks.runs.back().end == block;
            if (goes_on) {
                ++blocks.runs.back().end;
            } else {
                blocks.runs.push_back({block, block + 1});
            }
            std::fill(cells.begin() + blocks.columns[block], cells.begin() + blocks.columns[block + 1], true);
        }
        blocks.first_run.push_back(blocks.runs.size());
        for (std::int64_t i = 0; i < blocks.tokens_of(row).size(); ++i) {
            drawn.cells.insert(drawn.cells.end(), cells.begin(), cells.end());
        }
    }
    drawn.mask = std::make_shared<BlockRowsMask>(std::move(blocks));
    return drawn;
}

// Under operators with zones, moved, cut and combined with itself.
void check_with_operators(const DrawnMask& drawn) {
    const Mask& mask = *drawn.mask;
    const MaskDomain domain{mask.query_tokens(), mask.key_tokens(), {}};
    check_contract(mask, BruteForceMask(domain, drawn.cells));

    const Json expression = *mask_expression(domain, 2, true);
    const ZoneTree zones = zone_tree(parse_mask(expression, "mask"), domain, "mask");
    const BruteForceMask zones_truth(expression, domain);
    const std::int64_t queries = *integer_from(-9, 9);
    const std::int64_t keys = *integer_from(-9, 9);
    const Box box{*range_inside(domain.query_tokens), *range_inside(domain.key_tokens)};
    const ZoneTree moved = cut_to(box, translated(ZoneTree::of(drawn.mask), queries, keys));
    const auto kind = *rc::gen::element(ZoneTree::Kind::all_of, ZoneTree::Kind::any_of);
    const bool negated = *rc::gen::arbitrary<bool>();
    ZoneTree tree{kind, {}, {zones, moved, ZoneTree::of(drawn.mask)}};
    if (negated) {
        tree = {ZoneTree::Kind::complement, {}, {tree}};
    }
    const BruteForceMask blocks(domain, drawn.cells);
    std::vector<bool> cells;
    for (std::int64_t query = 0; query < domain.query_tokens; ++query) {
        for (std::int64_t key = 0; key < domain.key_tokens; ++key) {
            const bool in_zones = zones_truth.contains(query, key);
            const bool in_moved =
                box.q.contains(query) && box.k.contains(key) && blocks.contains(query - queries, key - keys);
            const bool in_blocks = blocks.contains(query, key);
            const bool kept =
                kind == ZoneTree::Kind::all_of ? in_zones && in_moved && in_blocks : in_zones || in_moved || in_blocks;
            cells.push_back(kept != negated);
        }
    }
    check_contract(*compile_tree(std::make_shared<const ZoneTree>(tree), domain.query_tokens, domain.key_tokens),
                   BruteForceMask(domain, cells));
}

RC_GTEST_PROP(AnyForm, OfBlockRowsAnswersAsItsCells, ()) {
    check_with_operators(drawn_blocks());
}

RC_GTEST_PROP(AnyForm, OfBitsAnswersAsItsCells, ()) {
    const BitmapCase drawn = *bitmap_case(most_generated_tokens);
    check_with_operators({drawn.mask(), drawn.cells()});
}

// A permutation of bits, and what is told of it, in its own form.
RC_GTEST_PROP(AnyForm, OfPermutedBitsAnswersAsItsCells, ()) {
    const BitmapCase drawn = *bitmap_case(100);
    const auto rows = tokens_in_order(*token_order_for(drawn.query_tokens), drawn.query_tokens);
    const auto columns = tokens_in_order(*token_order_for(drawn.key_tokens), drawn.key_tokens);
    const BruteForceMask cells = drawn.truth();
    std::vector<bool> moved;
    for (const std::int64_t query : rows) {
        for (const std::int64_t key : columns) {
            moved.push_back(cells.contains(query, key));
        }
    }
    const auto permuted = permuted_mask(drawn.mask(), Permutation(rows), Permutation(columns), "test");
    const BruteForceMask truth(drawn.domain(), moved);
    check_contract(*permuted, truth);
    check_contract(
        *compile_tree(std::make_shared<const ZoneTree>(ZoneTree::of(permuted)), drawn.query_tokens, drawn.key_tokens),
        truth);
}

// Of a row with few runs tiles are counted by these, of others one by one.
TEST(AnyForm, OfFewBlocksCountsTilesInBothWays) {
    const auto counted = [](std::int64_t runs) {
        BlockRows blocks;
        blocks.rows = {0, 64};
        for (std::int64_t edge = 0; edge <= 4096; edge += 16) {
            blocks.columns.push_back(edge);
        }
        for (std::int64_t run = 0; run < runs; ++run) {
            const auto block = static_cast<std::uint32_t>(2 * run);
            blocks.runs.push_back({block, block + 1});
        }
        blocks.first_run.push_back(blocks.runs.size());
        return count_tiles(BlockRowsMask(std::move(blocks)), 64, 32);
    };
    for (const std::int64_t runs : {0, 1, 3, 15, 16, 17, 128}) {
        EXPECT_EQ(counted(runs).partial, runs) << runs;
        EXPECT_EQ(counted(runs).empty, 128 - runs) << runs;
    }
}

// Many blocks are no slabs of zones any more: the same rows as the definition, and the same counts in two ways.
TEST(AnyForm, OfEvictionByTheTokenHasItsPairs) {
    const MaskDomain domain{6000, 6000, {}};
    const Json expression{{"random_eviction", {{"block", 1}, {"seed", 5}}}};
    const auto mask = compile_mask(parse_mask(expression, "mask"), domain);
    RandomStream random(5, 0);
    std::vector<std::int64_t> evicted;
    std::int64_t pairs = 0;
    for (std::int64_t key = 0; key < 6000; ++key) {
        evicted.push_back(key + 1 +
                          static_cast<std::int64_t>(random.next_below(static_cast<std::uint64_t>(6000 - key))));
        pairs += evicted.back() - key;
    }
    EXPECT_EQ(mask->pairs(), pairs);
    for (std::int64_t query = 0; query < 6000; query += 271) {
        for (std::int64_t key = 0; key < 6000; ++key) {
            ASSERT_EQ(mask->contains(query, key), key <= query && query < evicted[static_cast<std::size_t>(key)]);
        }
    }
    std::vector<std::int64_t> sums(94 * 94, 0);
    for (std::int64_t key = 0; key < 6000; ++key) {
        for (std::int64_t query = key; query < evicted[static_cast<std::size_t>(key)]; ++query) {
            ++sums[static_cast<std::size_t>(query / 64 * 94 + key / 64)];
        }
    }
    const TileCounts counts = count_tiles(*mask, 64, 64);
    EXPECT_EQ(counts.total(), 94 * 94);
    EXPECT_EQ(counts.empty, std::count(sums.begin(), sums.end(), 0));
    EXPECT_EQ(counts.full, std::count(sums.begin(), sums.end(), 64 * 64));
}

void check_report(const Mask& mask, const MaskDomain& domain) {
    const auto zones = mask_of_zones(mask.query_tokens(), mask.key_tokens(), gathered_zones(mask, "test"));
    const std::vector<TileShape> tiles{{4, 3}, {16, 16}};
    const MaskReport report = mask_report(mask, domain, tiles);
    const MaskReport expected = mask_report(*zones, domain, tiles);
    RC_ASSERT(figures(report) == figures(expected));
    RC_ASSERT(report.keys_per_query.min_keys == expected.keys_per_query.min_keys);
    RC_ASSERT(report.queries_per_key.min_keys == expected.queries_per_key.min_keys);
    RC_ASSERT(report.without_keys.first == expected.without_keys.first);
    RC_ASSERT(report.unseen.first == expected.unseen.first);
    RC_ASSERT(report.causality.first_query == expected.causality.first_query);
    RC_ASSERT(report.causality.first_key == expected.causality.first_key);
    RC_ASSERT(report.lifetime.most_resident_after == expected.lifetime.most_resident_after);
    RC_ASSERT(report.lifetime.held_pairs == expected.lifetime.held_pairs);
    RC_ASSERT(report.lifetime.seen_pairs == expected.lifetime.seen_pairs);
    RC_ASSERT(report.lifetime.first_gap == expected.lifetime.first_gap);
}

// What is told of a mask does not depend on its form.
RC_GTEST_PROP(AnyForm, HasTheReportOfTheSameMaskOfZones, ()) {
    const MaskCase drawn = *mask_case(3, true);
    check_report(*drawn.compiled(), drawn.domain);
}

RC_GTEST_PROP(AnyForm, OfBitsHasTheReportOfTheSameMaskOfZones, ()) {
    const BitmapCase drawn = *bitmap_case();
    check_report(*drawn.mask(), drawn.domain());
}

}  // namespace
}  // namespace longscope
