// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/display_list.h"

#include <gtest/gtest.h>

namespace longscope {
namespace {

constexpr Colour black{0, 0, 0};
constexpr Colour grey{100, 100, 100};
constexpr Colour white{200, 200, 200};
constexpr Colour red{255, 0, 0};

TEST(Mix, GoesFromOneColourToTheOther) {
    EXPECT_EQ(mix(black, white, 0), black);
    EXPECT_EQ(mix(black, white, 0.5), grey);
    EXPECT_EQ(mix(black, white, 1), white);
    EXPECT_EQ(mix({0, 0, 0, 0}, {0, 0, 0, 255}, 0.2).alpha, 51);
}

TEST(CellGrid, ZeroAloneHasTheFirstColourOfTheRamp) {
    CellGrid grid{{}, 4, 1, {0.0F, 1e-9F, 0.5F, 1.0F}, {red, black, white}, {}, {}};
    EXPECT_EQ(grid.colour_of(0, 0), red);
    EXPECT_EQ(grid.colour_of(0, 1), black);
    EXPECT_EQ(grid.colour_of(0, 2), grey);
    EXPECT_EQ(grid.colour_of(0, 3), white);
}

TEST(CellGrid, ClassesShadeTowardsTheirColour) {
    CellGrid grid{{}, 2, 2, {1.0F, 1.0F, 0.0F, 0.5F}, {black, white}, {1, 0, 1, 1}, {red}};
    EXPECT_EQ(grid.colour_of(0, 0), red);
    EXPECT_EQ(grid.colour_of(0, 1), white);
    EXPECT_EQ(grid.colour_of(1, 0), black) << "an empty cell shows no class";
    EXPECT_GT(grid.colour_of(1, 1).red, 100);
    EXPECT_LT(grid.colour_of(1, 1).red, 255);
}

TEST(FittedText, KeepsWhatFitsAndMarksTheCut) {
    EXPECT_EQ(fitted_text("causal", 12, 200), "causal");
    const std::string cut = fitted_text(std::string(400, 'a'), 12, 200);
    EXPECT_TRUE(cut.ends_with("a..."));
    EXPECT_LE(estimated_text_width(cut, 12), 200);
    EXPECT_GT(estimated_text_width(cut, 12), 180);
}

TEST(FittedText, CutsBetweenCharactersNotInsideThem) {
    const std::string two_bytes = "\xC3\xA9";  // e with an acute accent
    std::string text;
    for (int i = 0; i < 50; ++i) {
        text += two_bytes;
    }
    for (int width = 30; width < 90; ++width) {
        const std::string cut = fitted_text(text, 12, width);
        EXPECT_EQ((cut.size() - 3) % 2, 0U) << width;
    }
}

}  // namespace
}  // namespace longscope
