// SPDX-License-Identifier: GPL-3.0-or-later
// The picture of two masks: no difference is too small to be seen, and its kinds are told apart.
#include "engine/draw/difference_grid.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/units.h"
#include "engine/draw/mask_picture.h"
#include "tests/engine/draw/list_queries.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/mask_cells.h"

namespace longscope {
namespace {

TEST(DifferenceGrid, ShowsOnePairAmongAMillion) {
    constexpr std::int64_t tokens = 1'000'000;
    const MaskDomain domain{tokens, tokens, {}};
    const auto full = compiled_mask(R"({"full": {}})", domain);
    const auto all_but_one = mask_of_zones(
        tokens, tokens,
        {box_zone({{0, 777'000}, {0, tokens}}), box_zone({{777'001, tokens}, {0, tokens}}),
         box_zone({{777'000, 777'001}, {0, 123'456}}), box_zone({{777'000, 777'001}, {123'457, tokens}})});
    const DifferenceGrid grid =
        difference_grid(mask_difference(*full, *all_but_one), full->box(), 10, 10, light_theme());
    EXPECT_EQ(std::count(grid.cells.classes.begin(), grid.cells.classes.end(), 0), 99);
    EXPECT_EQ(grid.cells.classes[7 * 10 + 1], 1);
    EXPECT_EQ(grid.cells.colour_of(7, 1), difference_colours(light_theme())[0]) << "at full strength";
    EXPECT_EQ(grid.cells.colour_of(0, 0), agreement_ramp(light_theme()).back());
}

TEST(DifferenceGrid, TellsTheThreeKindsApart) {
    const auto a = mask_of_cells({"#.#.", "....", "#...", "...."});
    const auto b = mask_of_cells({"#...", "...#", ".#..", "...."});
    const DifferenceGrid grid = difference_grid(mask_difference(*a, *b), a->box(), 2, 2, dark_theme());
    EXPECT_EQ(grid.cells.classes, (std::vector<std::uint8_t>{0, 3, 3, 0}));
    const DifferenceGrid cells = difference_grid(mask_difference(*a, *b), a->box(), 4, 4, dark_theme());
    EXPECT_EQ(cells.cells.classes, (std::vector<std::uint8_t>{0, 0, 1, 0, 0, 0, 0, 2, 1, 2, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(cells.cells.colour_of(3, 3), dark_theme().density.front());
}

TEST(DifferencePicture, SaysHowManyPairsAreOfEachKind) {
    const auto a = mask_of_cells({"#.#.", "....", "#...", "...."});
    const auto b = mask_of_cells({"#...", "...#", ".#..", "...."});
    MaskPictureOptions options;
    options.title = "A and B";
    options.ranks = {TokenSet({{0, 4}})};
    const DisplayList list = draw_mask_difference(mask_difference(*a, *b), options);
    for (const char* text : {"A and B", "4 tokens; 1 pairs kept by both, 2 only by A, 2 only by B", "only A: 2",
                             "only B: 2", "A and B: 1", "one cell: one pair"}) {
        EXPECT_TRUE(has_text(list, text)) << text;
    }
    EXPECT_EQ(items_of<CellGrid>(list).size(), 1U) << "and no ranks";
    options.region = Box{{0, 2}, {0, 4}};
    EXPECT_TRUE(has_text(draw_mask_difference(mask_difference(*a, *b), options), "only B: 1"));
}

}  // namespace
}  // namespace longscope
