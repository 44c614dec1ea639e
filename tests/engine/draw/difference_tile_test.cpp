// SPDX-License-Identifier: GPL-3.0-or-later
// Tiles of two masks tell what the grid of a picture tells.
#include "engine/draw/difference_tile.h"

#include <gtest/gtest.h>

#include "engine/draw/difference_grid.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/mask_cells.h"

namespace longscope {
namespace {

TEST(DifferenceTile, TellsTheKindsApartPairByPair) {
    const auto a = mask_of_cells({"#.#.", "....", "#...", "...."});
    const auto b = mask_of_cells({"#...", "...#", ".#..", "...."});
    const MaskDifference difference = mask_difference(*a, *b);
    const DensityTile tile = difference_tile(difference, {0, 0, 0});
    EXPECT_EQ(tile.cells, (std::vector<std::uint8_t>{252, 0, 253, 0, 0, 0, 0, 254, 253, 254, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(difference_tile(difference, {1, 0, 0}).cells, (std::vector<std::uint8_t>{63, 255, 255, 0}))
        << "a quarter of the first cell is in both";
}

TEST(DifferenceTile, OfOneKindIsOneCell) {
    const MaskDomain domain{1024, 1024, {}};
    const auto causal = compiled_mask(R"({"causal": {}})", domain);
    const auto full = compiled_mask(R"({"full": {}})", domain);
    const MaskDifference difference = mask_difference(*causal, *full);
    EXPECT_EQ(difference_tile(difference, {0, 3, 0}).cells, std::vector<std::uint8_t>{densest_agreement});
    EXPECT_EQ(difference_tile(difference, {0, 0, 3}).cells, std::vector<std::uint8_t>{only_in_b});
    const DensityTile diagonal = difference_tile(difference, {0, 2, 2});
    EXPECT_EQ(diagonal.cells.size(), 256U * 256U);
    EXPECT_EQ(diagonal.cells[256], densest_agreement);
    EXPECT_EQ(diagonal.cells[1], only_in_b);
}

TEST(DifferenceTile, HasTheColoursOfThePicture) {
    for (const Theme* theme : {&light_theme(), &dark_theme()}) {
        const std::array<Colour, 256> colours = difference_tile_colours(*theme);
        EXPECT_EQ(colours[0], agreement_ramp(*theme).front());
        EXPECT_EQ(colours[densest_agreement], agreement_ramp(*theme).back());
        EXPECT_NE(colours[1], colours[0]) << "the faintest agreement shows";
        EXPECT_EQ(colours[only_in_a], difference_colours(*theme)[0]);
        EXPECT_EQ(colours[only_in_b], difference_colours(*theme)[1]);
        EXPECT_EQ(colours[only_in_either], difference_colours(*theme)[2]);
    }
}

}  // namespace
}  // namespace longscope
