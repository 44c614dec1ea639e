// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/mask_picture.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/draw/density_grid.h"
#include "engine/mask/expression.h"
#include "tests/engine/draw/list_queries.h"

namespace longscope {
namespace {

const std::vector<std::int64_t> three_documents{0, 1000, 1004, 4096};

std::unique_ptr<Mask> compiled(std::string_view json, const MaskDomain& domain) {
    return compile_mask(parse_mask(parse_json(json, "test"), "mask"), domain);
}

std::unique_ptr<Mask> causal_documents() {
    return compiled(R"({"and": [{"causal": {}}, {"documents": {}}]})", {4096, 4096, three_documents});
}

MaskPictureOptions titled(std::string title) {
    MaskPictureOptions options;
    options.title = std::move(title);
    return options;
}

// The first grid of a picture is the mask.
CellGrid cells_of(const DisplayList& list) {
    return items_of<CellGrid>(list).at(0);
}

TEST(MaskPicture, CellsAreExactDensitiesOfTheWholeMask) {
    const std::unique_ptr<Mask> mask = causal_documents();
    const CellGrid cells = cells_of(draw_mask(*mask, titled("t")));
    EXPECT_GE(cells.columns, 512);
    EXPECT_EQ(cells.values, density_grid(*mask, mask->box(), cells.rows, cells.columns).values);
    EXPECT_EQ(cells.area.width, cells.area.height);
    EXPECT_EQ(cells.columns, static_cast<std::int32_t>(cells.area.width)) << "a cell a point";
}

TEST(MaskPicture, SaysWhatItShows) {
    MaskPictureOptions options = titled("causal and documents");
    options.cu_seqlens = three_documents;
    const DisplayList list = draw_mask(*causal_documents(), options);
    // 1000 * 1001 / 2 + 4 * 5 / 2 + 3092 * 3093 / 2
    EXPECT_TRUE(has_text(list, "causal and documents"));
    EXPECT_TRUE(has_text(list, "4,096 tokens, 3 documents; 5,282,288 of 16,777,216 pairs kept (31.5 %)"));
    for (const char* text : {"0", "1,024", "2,048", "4,096", "queries", "keys"}) {
        EXPECT_TRUE(has_text(list, text)) << text;
    }
    EXPECT_EQ(list.title, "causal and documents");
}

TEST(MaskPicture, EveryItemLiesInsideThePicture) {
    MaskPictureOptions options = titled(std::string(300, 'x'));
    options.ranks = {TokenSet({{0, 2000}}), TokenSet({{2000, 4096}})};
    for (const double width : {480.0, 1100.0, 4000.0}) {
        options.width = width;
        const DisplayList list = draw_mask(*causal_documents(), options);
        EXPECT_EQ(list.width, width);
        for (const CellGrid& grid : items_of<CellGrid>(list)) {
            EXPECT_GE(grid.area.x, 0);
            EXPECT_GE(grid.area.y, 0);
            EXPECT_LE(grid.area.right(), list.width);
            EXPECT_LE(grid.area.bottom(), list.height);
        }
        for (const Text& text : items_of<Text>(list)) {
            const double length = estimated_text_width(text.text, text.size, text.weight);
            if (text.anchor == Text::Anchor::start) {
                EXPECT_LE(text.at.x + length, list.width) << text.text;
            } else if (text.anchor == Text::Anchor::end) {
                EXPECT_GE(text.at.x - length, 0) << text.text;
            }
            EXPECT_LE(text.at.y, list.height) << text.text;
        }
    }
}

TEST(MaskPicture, FewTokensAreSquaresOfWholePoints) {
    const std::unique_ptr<Mask> mask = compiled(R"({"causal": {}})", {24, 24, {}});
    const DisplayList list = draw_mask(*mask, titled("t"));
    const CellGrid cells = cells_of(list);
    EXPECT_EQ(cells.columns, 24);
    EXPECT_EQ(cells.area.width / 24, std::floor(cells.area.width / 24));
    EXPECT_TRUE(has_text(list, "one cell: one pair"));
}

TEST(MaskPicture, OutlinesDocumentsThatAreLargeEnough) {
    MaskPictureOptions options = titled("t");
    const std::size_t without = items_of<Line>(draw_mask(*causal_documents(), options)).size();
    options.cu_seqlens = three_documents;
    const DisplayList list = draw_mask(*causal_documents(), options);
    // Documents 0 and 2 have one horizontal and one vertical border inside the mask each; document 1 is too small.
    EXPECT_EQ(items_of<Line>(list).size(), without + 4);
    const Rect area = cells_of(list).area;
    const double border = std::round(area.x + area.width * 1000 / 4096);
    std::size_t found = 0;
    for (const Line& line : items_of<Line>(list)) {
        found += line.colour == options.theme.edge && line.from.x == border && line.to.x == border ? 1U : 0U;
    }
    EXPECT_EQ(found, 1U);
}

TEST(MaskPicture, ARegionIsDrawnInItsPlace) {
    const std::unique_ptr<Mask> mask = causal_documents();
    MaskPictureOptions options = titled("t");
    options.region = Box{{900, 1100}, {950, 1050}};
    const DisplayList list = draw_mask(*mask, options);
    const CellGrid cells = cells_of(list);
    EXPECT_EQ(cells.rows, 200);
    EXPECT_EQ(cells.columns, 100);
    EXPECT_EQ(cells.area.height, 2 * cells.area.width);
    EXPECT_EQ(cells.values, density_grid(*mask, *options.region, 200, 100).values);
    const std::int64_t pairs = mask->pairs_in(*options.region);
    EXPECT_TRUE(has_text(list, "Shown: queries 900 to 1,100, keys 950 to 1,050; " + format_count(pairs) +
                                   " of 20,000 pairs kept (" + format_percent(static_cast<double>(pairs) / 20000) +
                                   ")"));
    EXPECT_TRUE(has_text(list, "1,024"));
}

TEST(MaskPicture, RefusesARegionOutsideTheMask) {
    const std::unique_ptr<Mask> mask = causal_documents();
    for (const Box& region : {Box{{0, 0}, {0, 10}}, Box{{0, 10}, {5, 4}}, Box{{0, 4097}, {0, 10}},
                              Box{{-1, 10}, {0, 10}}, Box{{0, 10}, {0, 5000}}}) {
        MaskPictureOptions options = titled("t");
        options.region = region;
        EXPECT_THROW((void)draw_mask(*mask, options), Error);
    }
}

TEST(MaskPicture, QueriesAndKeysMayDiffer) {
    const std::unique_ptr<Mask> mask = compiled(R"({"causal": {}})", {512, 1024, {}});
    const DisplayList list = draw_mask(*mask, titled("t"));
    const CellGrid cells = cells_of(list);
    EXPECT_NEAR(cells.area.width, 2 * cells.area.height, 1);
    EXPECT_TRUE(has_text(list, "512 queries, 1,024 keys; 393,472 of 524,288 pairs kept (75.0 %)"));
}

TEST(MaskPicture, ShowsWhatEachRankHoldsAndComputes) {
    const std::unique_ptr<Mask> mask = compiled(R"({"causal": {}})", {4096, 4096, {}});
    MaskPictureOptions options = titled("t");
    options.ranks = {TokenSet({{0, 1024}, {3072, 4096}}), TokenSet({{1024, 3072}})};
    const DisplayList list = draw_mask(*mask, options);
    const std::vector<CellGrid> grids = items_of<CellGrid>(list);
    ASSERT_EQ(grids.size(), 4U) << "mask, two strips, density bar";
    const CellGrid& left = grids[1];
    const CellGrid& top = grids[2];
    EXPECT_EQ(left.columns, 2);
    EXPECT_EQ(left.rows, grids[0].rows);
    EXPECT_EQ(left.area.y, grids[0].area.y);
    EXPECT_EQ(left.area.height, grids[0].area.height);
    EXPECT_LT(left.area.right(), grids[0].area.x);
    EXPECT_EQ(top.rows, 2);
    EXPECT_EQ(top.columns, grids[0].columns);
    EXPECT_LT(top.area.bottom(), grids[0].area.y);
    EXPECT_EQ(left.colour_of(0, 0), options.theme.rank(0, 2));
    EXPECT_EQ(left.colour_of(0, 1), options.theme.density.front());
    EXPECT_EQ(left.colour_of(left.rows / 2, 1), options.theme.rank(1, 2));
    EXPECT_EQ(top.colour_of(0, 0), options.theme.rank(0, 2));
    EXPECT_EQ(top.colour_of(1, top.columns / 2), options.theme.rank(1, 2));
    for (const char* text : {"rank 0", "rank 1", "2,048", "pairs, largest / mean: 1.000", "Held by 2 ranks"}) {
        EXPECT_TRUE(has_text(list, text)) << text;
    }
}

TEST(MaskPicture, ManyRanksAreSummedUp) {
    const std::unique_ptr<Mask> mask = compiled(R"({"full": {}})", {4096, 4096, {}});
    MaskPictureOptions options = titled("t");
    for (std::int64_t rank = 0; rank < 128; ++rank) {
        options.ranks.push_back(TokenSet({{rank * 32, (rank + 1) * 32}}));
    }
    const DisplayList list = draw_mask(*mask, options);
    EXPECT_TRUE(has_text(list, "Held by 128 ranks"));
    EXPECT_TRUE(has_text(list, "rank 127"));
    EXPECT_TRUE(has_text(list, "pairs: 0.78 % to 0.78 %"));
    EXPECT_EQ(items_of<CellGrid>(list)[1].columns, 64) << "two ranks a lane";
}

TEST(OwnershipGrid, HoldsTheShareOfEachCellThatARankHolds) {
    const std::vector<TokenSet> ranks{TokenSet({{0, 3}, {9, 12}}), TokenSet({{3, 9}})};
    const std::vector<std::int64_t> edges = cell_edges({0, 12}, 3);
    const CellGrid grid = ownership_grid(ranks, edges, light_theme());
    EXPECT_EQ(grid.values, (std::vector<float>{0.75F, 0.25F, 0.0F, 1.0F, 0.75F, 0.25F}));
    for (std::size_t row = 0; row < 3; ++row) {
        EXPECT_EQ(grid.values[2 * row] + grid.values[2 * row + 1], 1.0F);
    }
}

}  // namespace
}  // namespace longscope
