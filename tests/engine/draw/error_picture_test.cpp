// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/error_picture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/base/error.h"

namespace longscope {
namespace {

ErrorPictureOptions options_for(std::int64_t columns, std::int64_t queries) {
    ErrorPictureOptions options;
    options.columns = columns;
    options.queries = queries;
    return options;
}

CellGrid first_grid(const DisplayList& list) {
    for (const DisplayItem& item : list.items) {
        if (const CellGrid* grid = std::get_if<CellGrid>(&item)) {
            return *grid;
        }
    }
    return {};
}

TEST(ErrorPicture, EachCellHasTheLargestErrorOfItsRowsOnALogarithmicScale) {
    const CellGrid grid =
        first_grid(draw_errors({{0, 0, 1e-8}, {0, 0, 1e-4}, {2, 9, 1.0}, {1, 5, 1e-6}}, options_for(3, 10)));
    ASSERT_EQ(grid.columns, 3);
    ASSERT_EQ(grid.rows, 10);
    EXPECT_FLOAT_EQ(grid.values[0], 0.5F) << "1e-4 lies half-way between 1e-8 and 1";
    EXPECT_FLOAT_EQ(grid.values[9 * 3 + 2], 1.0F);
    EXPECT_FLOAT_EQ(grid.values[5 * 3 + 1], 0.25F);
    EXPECT_EQ(grid.values[1], 0.0F) << "not compared";
}

TEST(ErrorPicture, WhatIsNoNumberIsTheLargestAndNoErrorIsStillACell) {
    const CellGrid grid = first_grid(draw_errors(
        {{0, 0, std::nan("")}, {0, 1, std::numeric_limits<double>::infinity()}, {0, 2, 0.0}}, options_for(1, 3)));
    EXPECT_EQ(grid.values[0], 1.0F);
    EXPECT_EQ(grid.values[1], 1.0F);
    EXPECT_GT(grid.values[2], 0.0F);
}

TEST(ErrorPicture, ManyQueriesShareCells) {
    const CellGrid grid = first_grid(draw_errors({{31, 999'999, 1.0}}, options_for(32, 1'000'000)));
    EXPECT_LE(grid.rows, 1000);
    EXPECT_EQ(grid.values.back(), 1.0F);
}

TEST(ErrorPicture, RefusesRowsThatLieOutside) {
    EXPECT_THROW((void)draw_errors({{0, 3, 1.0}}, options_for(1, 3)), Error);
    EXPECT_THROW((void)draw_errors({{1, 0, 1.0}}, options_for(1, 3)), Error);
}

}  // namespace
}  // namespace longscope
