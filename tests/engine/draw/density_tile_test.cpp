// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/density_tile.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/draw/density_grid.h"
#include "tests/support/compiled_mask.h"

namespace longscope {
namespace {

std::unique_ptr<Mask> causal(std::int64_t tokens) {
    return compiled_mask(R"({"causal": {}})", {tokens, tokens, {}});
}

TEST(DensityTile, OfTheFinestLevelIsTheMaskItself) {
    const auto mask = causal(300);
    for (std::int64_t row = 0; row < 2; ++row) {
        for (std::int64_t column = 0; column < 2; ++column) {
            const DensityTile tile = density_tile(*mask, {0, row, column});
            EXPECT_EQ(tile.rows, row == 0 ? 256 : 44);
            EXPECT_EQ(tile.columns, column == 0 ? 256 : 44);
            for (std::int32_t q = 0; q < tile.rows; ++q) {
                for (std::int32_t k = 0; k < tile.columns; ++k) {
                    const auto at = static_cast<std::size_t>(q) * static_cast<std::size_t>(tile.columns) +
                                    static_cast<std::size_t>(k);
                    ASSERT_EQ(tile.cells[tile.uniform() ? 0 : at],
                              mask->contains(row * 256 + q, column * 256 + k) ? 255 : 0);
                }
            }
        }
    }
}

TEST(DensityTile, OfEveryLevelCountsEveryPair) {
    const bool held = rc::check("cells are the shares of their pairs", [] {
        const auto tokens = *rc::gen::inRange<std::int64_t>(1, 3000);
        const auto left = *rc::gen::inRange<std::int64_t>(0, tokens);
        const auto mask =
            compiled_mask(R"({"window": {"left": )" + std::to_string(left) + R"(, "right": 0}})", {tokens, tokens, {}});
        const auto level = *rc::gen::inRange<std::int32_t>(0, coarsest_level(mask->box()) + 1);
        const std::int64_t side = std::int64_t{density_tile_cells} << level;
        const auto row = *rc::gen::inRange<std::int64_t>(0, (tokens + side - 1) / side);
        const auto column = *rc::gen::inRange<std::int64_t>(0, (tokens + side - 1) / side);
        const DensityTile tile = density_tile(*mask, {level, row, column});
        const std::int64_t cell = std::int64_t{1} << level;
        const auto q = *rc::gen::inRange<std::int32_t>(0, tile.rows);
        const auto k = *rc::gen::inRange<std::int32_t>(0, tile.columns);
        const auto range = [&](std::int64_t begin) { return Range{begin, std::min(begin + cell, tokens)}; };
        const Box box{range(row * side + q * cell), range(column * side + k * cell)};
        const std::int64_t pairs = mask->pairs_in(box);
        const std::uint8_t value =
            tile.cells[tile.uniform() ? 0
                                      : static_cast<std::size_t>(q) * static_cast<std::size_t>(tile.columns) +
                                            static_cast<std::size_t>(k)];
        RC_ASSERT((value == 0) == (pairs == 0));
        RC_ASSERT((value == 255) == (pairs == box.pairs()));
        const double share = static_cast<double>(pairs) / static_cast<double>(box.pairs());
        RC_ASSERT(std::abs(value / 255.0 - share) <= 1.0 / 255.0);
    });
    EXPECT_TRUE(held);
}

TEST(DensityTile, OfTheCoarsestLevelCoversTheMatrix) {
    for (const std::int64_t tokens : {1, 256, 257, 1'000'000}) {
        const auto mask = causal(tokens);
        const std::int32_t level = coarsest_level(mask->box());
        EXPECT_GE(std::int64_t{density_tile_cells} << level, tokens);
        EXPECT_TRUE(level == 0 || (std::int64_t{density_tile_cells} << (level - 1)) < tokens);
    }
}

TEST(DensityTile, HasAParentThatCoversIt) {
    const DensityTileKey key{3, 5, 6};
    EXPECT_EQ(key.parent(), (DensityTileKey{4, 2, 3}));
    EXPECT_EQ(key.parent().tokens().q.begin, 2 * 4096);
    EXPECT_EQ(key.tokens(), (Box{{5 * 2048, 6 * 2048}, {6 * 2048, 7 * 2048}}));
}

TEST(DensityColours, BeginWithThatOfNothingAndEndWithThatOfAll) {
    for (const Theme& theme : {light_theme(), dark_theme()}) {
        const auto colours = density_colours(theme);
        EXPECT_EQ(colours.front(), theme.density.front());
        EXPECT_EQ(colours.back(), theme.density.back());
        EXPECT_NE(colours[1], colours[0]);
    }
}

}  // namespace
}  // namespace longscope
