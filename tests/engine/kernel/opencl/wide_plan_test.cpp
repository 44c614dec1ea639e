// SPDX-License-Identifier: GPL-3.0-or-later
// Tiles of keys of a plan shared out in parts.
#include <gtest/gtest.h>

#include "engine/kernel/opencl/wide_plan.h"

namespace longscope::opencl {
namespace {

using Tiles = std::vector<std::pair<cl_int, cl_int>>;  // a tile of keys and where it is told of what is seen there

Tiles tiles_of(const WidePlan& plan, std::size_t row_tile) {
    Tiles tiles;
    const cl_int4& rows = plan.row_tiles[row_tile];
    for (cl_int i = rows.s[2]; i < rows.s[2] + rows.s[3]; ++i) {
        const cl_int4& run = plan.runs[static_cast<std::size_t>(i)];
        for (cl_int tile = run.s[0]; tile < run.s[1]; ++tile) {
            tiles.emplace_back(tile, run.s[2]);
        }
    }
    return tiles;
}

// Two tiles of rows: one meets tiles 0 to 4 in full, 6 in part and 8 to 9 in full, the other tile 3 alone.
WidePlan example() {
    WidePlan plan;
    plan.row_tiles = {{{0, 12, 0, 3}}, {{12, 5, 3, 1}}};
    plan.runs = {{{0, 5, -1, 0}}, {{6, 7, 40, 0}}, {{8, 10, -1, 0}}, {{3, 4, 80, 0}}};
    plan.seen.assign(120, 7U);
    plan.pairs = {900, 30};
    plan.tiles = {8, 1};
    return plan;
}

TEST(SplitPlan, KeepsTheTilesOfARowTileInOrder) {
    const WidePlan whole = example();
    for (const std::int64_t parts : {1, 2, 3, 8, 20}) {
        SCOPED_TRACE(parts);
        WidePlan split = example();
        split.split(parts);
        ASSERT_EQ(split.row_tiles.size(), 2 * static_cast<std::size_t>(parts));
        EXPECT_EQ(split.seen, whole.seen);
        for (std::size_t row_tile = 0; row_tile < 2; ++row_tile) {
            Tiles all;
            std::int64_t pairs = 0;
            for (std::size_t part = 0; part < static_cast<std::size_t>(parts); ++part) {
                const std::size_t at = row_tile * static_cast<std::size_t>(parts) + part;
                EXPECT_EQ(split.row_tiles[at].s[0], whole.row_tiles[row_tile].s[0]);
                EXPECT_EQ(split.row_tiles[at].s[1], whole.row_tiles[row_tile].s[1]);
                const Tiles own = tiles_of(split, at);
                EXPECT_EQ(static_cast<std::int64_t>(own.size()), split.tiles[at]);
                EXPECT_LE(static_cast<std::int64_t>(own.size()), (whole.tiles[row_tile] + parts - 1) / parts);
                all.insert(all.end(), own.begin(), own.end());
                pairs += split.pairs[at];
            }
            EXPECT_EQ(all, tiles_of(whole, row_tile));
            EXPECT_EQ(pairs, whole.pairs[row_tile]);
        }
    }
}

}  // namespace
}  // namespace longscope::opencl
