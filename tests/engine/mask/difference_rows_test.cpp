// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/difference_rows.h"

#include <gtest/gtest.h>

#include "tests/support/mask_cells.h"

namespace longscope {
namespace {

TEST(DifferingRows, AreToldAndCounted) {
    const auto a = mask_of_cells({"##..", "#...", "##..", "...."});
    const auto b = mask_of_cells({"##..", "##..", "#.#.", "###."});
    const MaskDifference difference = mask_difference(*a, *b);
    EXPECT_EQ(count_differing_rows(difference), 3);
    EXPECT_EQ(first_differing_rows(difference, 2), (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(first_differing_rows(difference, 9), (std::vector<std::int64_t>{1, 2, 3}));
    EXPECT_TRUE(first_differing_rows(mask_difference(*a, *a), 9).empty());
}

TEST(DifferingRows, SayWhichKeysTheySee) {
    const auto mask = mask_of_cells({"##.#............", "................", "#.#.#.#.#.#.#.#."});
    EXPECT_EQ(keys_text(*mask, 0), "[0, 2) [3, 4)");
    EXPECT_EQ(keys_text(*mask, 1), "no key");
    EXPECT_EQ(keys_text(*mask, 2), "[0, 1) [2, 3) [4, 5) [6, 7) [8, 9) [10, 11) ... (8 ranges)");
}

}  // namespace
}  // namespace longscope
