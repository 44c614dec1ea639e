// SPDX-License-Identifier: GPL-3.0-or-later
// Classes of tiles and of whole rows of tiles against the plain predicate.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/support/brute_force_mask.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

constexpr std::int64_t largest_tile = 17;

std::vector<TileClass> expected_row(const BruteForceMask& truth, Range rows, std::int64_t k_tile) {
    std::vector<TileClass> classes;
    for (std::int64_t key = 0; key < truth.key_tokens(); key += k_tile) {
        classes.push_back(truth.tile_class({rows, {key, key + k_tile}}));
    }
    return classes;
}

RC_GTEST_PROP(Tiles, ClassOfOneTileIsExact, ()) {
    const MaskCase drawn = *mask_case();
    const BruteForceMask truth(drawn.expression, drawn.domain);
    const auto mask = drawn.compiled();
    for (int i = 0; i < 16; ++i) {
        // Also tiles that stand over the border or outside: what is outside does not count.
        const Box tile{*range_around(drawn.domain.query_tokens), *range_around(drawn.domain.key_tokens)};
        RC_ASSERT(mask->tile_class(tile) == truth.tile_class(tile));
    }
}

RC_GTEST_PROP(Tiles, RunsOfARowCoverAllTilesAndAreMaximal, ()) {
    const MaskCase drawn = *mask_case();
    const auto mask = drawn.compiled();
    const Range rows = *range_inside(drawn.domain.query_tokens);
    const std::int64_t k_tile = *integer_from(1, largest_tile);
    const std::int64_t tiles = (drawn.domain.key_tokens + k_tile - 1) / k_tile;
    const std::vector<TileRun> runs = mask->classify_row_of_tiles(rows, k_tile);
    std::int64_t covered = 0;
    for (const TileRun& run : runs) {
        RC_ASSERT(run.tiles.begin == covered);
        RC_ASSERT(!run.tiles.empty());
        covered = run.tiles.end;
    }
    for (std::size_t i = 1; i < runs.size(); ++i) {
        RC_ASSERT(runs[i - 1].tile_class != runs[i].tile_class);
    }
    RC_ASSERT(covered == tiles);
}

RC_GTEST_PROP(Tiles, ClassesOfARowAreExact, ()) {
    const MaskCase drawn = *mask_case();
    const BruteForceMask truth(drawn.expression, drawn.domain);
    const auto mask = drawn.compiled();
    for (int i = 0; i < 8; ++i) {
        const Range rows = *range_inside(drawn.domain.query_tokens);
        const std::int64_t k_tile = *integer_from(1, largest_tile);
        std::vector<TileClass> classes;
        for (const TileRun& run : mask->classify_row_of_tiles(rows, k_tile)) {
            classes.insert(classes.end(), static_cast<std::size_t>(run.tiles.size()), run.tile_class);
        }
        RC_ASSERT(classes == expected_row(truth, rows, k_tile));
    }
}

RC_GTEST_PROP(Tiles, CountsAreExact, ()) {
    const MaskCase drawn = *mask_case();
    const BruteForceMask truth(drawn.expression, drawn.domain);
    const std::int64_t q_tile = *integer_from(1, largest_tile);
    const std::int64_t k_tile = *integer_from(1, largest_tile);
    TileCounts expected{q_tile, k_tile};
    for (std::int64_t query = 0; query < drawn.domain.query_tokens; query += q_tile) {
        for (const TileClass tile_class : expected_row(truth, {query, query + q_tile}, k_tile)) {
            expected.empty += tile_class == TileClass::empty ? 1 : 0;
            expected.full += tile_class == TileClass::full ? 1 : 0;
            expected.partial += tile_class == TileClass::partial ? 1 : 0;
        }
    }
    const TileCounts counts = count_tiles(*drawn.compiled(), q_tile, k_tile);
    RC_ASSERT(counts.q_tile == q_tile);
    RC_ASSERT(counts.k_tile == k_tile);
    RC_ASSERT(counts.empty == expected.empty);
    RC_ASSERT(counts.full == expected.full);
    RC_ASSERT(counts.partial == expected.partial);
    RC_ASSERT(counts.total() == expected.total());
}

// Kept 128 x 128 tiles of a causal mask of n x n tiles: n (n + 1) / 2, of which the n on the diagonal are partial.
TEST(Tiles, HalfOfTheTilesOfALargeCausalMaskAreEmpty) {
    const std::int64_t n = 8192;
    const auto causal = compiled_mask(R"({"causal": {}})", {128 * n, 128 * n, {}});
    const TileCounts counts = count_tiles(*causal, 128, 128);
    EXPECT_EQ(counts.empty, n * (n - 1) / 2);
    EXPECT_EQ(counts.full, n * (n - 1) / 2);
    EXPECT_EQ(counts.partial, n);
    EXPECT_EQ(counts.total(), n * n);
    EXPECT_DOUBLE_EQ(counts.kept_share(), static_cast<double>(n + 1) / static_cast<double>(2 * n));
}

TEST(Tiles, AMatrixWithoutTilesKeepsNothing) {
    EXPECT_EQ(TileCounts{}.kept_share(), 0.0);
}

}  // namespace
}  // namespace longscope
