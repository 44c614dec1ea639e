// SPDX-License-Identifier: GPL-3.0-or-later
// The longest sequences that are accepted, and boxes far outside the matrix: counts stay exact, nothing overflows.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>

#include "tests/support/compiled_mask.h"

namespace longscope {
namespace {

constexpr std::int64_t n = max_tokens;
constexpr std::int64_t causal_area = n * (n + 1) / 2;

std::unique_ptr<Mask> compiled(std::string_view expression, const MaskDomain& domain = {n, n, {}}) {
    return compiled_mask(expression, domain);
}

std::string window(std::int64_t left, std::int64_t right) {
    return R"({"window": {"left": )" + std::to_string(left) + R"(, "right": )" + std::to_string(right) + "}}";
}

TEST(MaskExtremes, FullHasTwoToTheSixty) {
    EXPECT_EQ(compiled(R"({"full": {}})")->pairs(), std::int64_t{1} << 60);
    EXPECT_EQ(compiled(R"({"not": {"full": {}}})")->pairs(), 0);
}

TEST(MaskExtremes, CausalIsExact) {
    const auto causal = compiled(R"({"causal": {}})");
    EXPECT_EQ(causal->pairs(), causal_area);
    EXPECT_EQ(causal->transposed()->pairs(), causal_area);
    EXPECT_EQ(causal->pairs_in({{n - 1, n}, {0, n}}), n);
    EXPECT_EQ(causal->pairs_in({{0, 1}, {0, n}}), 1);
    EXPECT_EQ(compiled(R"({"not": {"causal": {}}})")->pairs(), n * n - causal_area);
}

TEST(MaskExtremes, WindowsFromOneKeyToAll) {
    EXPECT_EQ(compiled(window(0, 0))->pairs(), n);
    EXPECT_EQ(compiled(window(n - 1, 0))->pairs(), causal_area);
    EXPECT_EQ(compiled(window(0, n - 1))->pairs(), causal_area);
    EXPECT_EQ(compiled(window(n - 1, n - 1))->pairs(), n * n);
    EXPECT_EQ(compiled(R"({"not": )" + window(n - 1, n - 1) + "}")->pairs(), 0);
}

TEST(MaskExtremes, OneQueryOrOneKeyBesideAllOthers) {
    EXPECT_EQ(compiled(R"({"causal": {}})", {1, n, {}})->pairs(), n);
    EXPECT_EQ(compiled(R"({"causal": {}})", {n, 1, {}})->pairs(), 1);
    EXPECT_EQ(compiled(window(0, 0), {1, n, {}})->pairs(), 1);
    EXPECT_EQ(compiled(R"({"prefix": {"tokens": 1}})", {n, 1, {}})->pairs(), n);
    EXPECT_EQ(compiled(R"({"sink": {"tokens": 1}})", {n, 1, {}})->pairs(), 1);
}

TEST(MaskExtremes, DocumentsAtTheFarEnd) {
    const MaskDomain domain{n, n, {0, n - 2, n - 1, n}};
    EXPECT_EQ(compiled(R"({"documents": {}})", domain)->pairs(), (n - 2) * (n - 2) + 2);
    EXPECT_EQ(compiled(R"({"not": {"documents": {}}})", domain)->pairs(), n * n - (n - 2) * (n - 2) - 2);
}

TEST(MaskExtremes, LastRowAndLastTileAreReached) {
    const auto causal = compiled(R"({"causal": {}})");
    std::vector<Range> runs;
    causal->row_runs(n - 1, runs);
    EXPECT_EQ(runs, (std::vector<Range>{{0, n}}));
    EXPECT_EQ(causal->key_extent({n - 2, n - 1}), (Range{0, n - 1}));
    const std::vector<TileRun> expected{{{0, (1 << 23) - 1}, TileClass::full},
                                        {{(1 << 23) - 1, 1 << 23}, TileClass::partial}};
    EXPECT_EQ(causal->classify_row_of_tiles({n - 128, n}, 128), expected);
}

// A thousand million tiles of one key each: what lies between the edges of a mask is one step, however long it is.
TEST(MaskExtremes, RowsOfTilesCostTheirRunsNotTheirTiles) {
    const auto expect_runs = [](const Mask& mask, Range rows, const std::vector<TileRun>& expected) {
        EXPECT_EQ(mask.classify_row_of_tiles(rows, 1), expected);
    };
    const auto causal = compiled(R"({"causal": {}})");
    expect_runs(*causal, {0, 128},
                {{{0, 1}, TileClass::full}, {{1, 128}, TileClass::partial}, {{128, n}, TileClass::empty}});
    expect_runs(*causal, {n - 128, n}, {{{0, n - 127}, TileClass::full}, {{n - 127, n}, TileClass::partial}});

    const std::int64_t middle = n / 2;
    const std::int64_t side = n / 4;
    expect_runs(*compiled(window(side, side)), {middle, middle + 128},
                {{{0, middle - side}, TileClass::empty},
                 {{middle - side, middle + 127 - side}, TileClass::partial},
                 {{middle + 127 - side, middle + side + 1}, TileClass::full},
                 {{middle + side + 1, middle + side + 128}, TileClass::partial},
                 {{middle + side + 128, n}, TileClass::empty}});
    expect_runs(*compiled(R"({"not": )" + window(side, side) + "}"), {middle, middle + 128},
                {{{0, middle - side}, TileClass::full},
                 {{middle - side, middle + 127 - side}, TileClass::partial},
                 {{middle + 127 - side, middle + side + 1}, TileClass::empty},
                 {{middle + side + 1, middle + side + 128}, TileClass::partial},
                 {{middle + side + 128, n}, TileClass::full}});

    const MaskDomain domain{n, n, {0, 5, middle, n}};
    expect_runs(*compiled(R"({"not": {"documents": {}}})", domain), {middle - 128, middle},
                {{{0, 5}, TileClass::full}, {{5, middle}, TileClass::empty}, {{middle, n}, TileClass::full}});
}

TEST(MaskExtremes, ABoxWithoutBoundsIsTheMatrix) {
    const Range everything{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
    for (const char* expression : {R"({"causal": {}})", R"({"not": {"causal": {}}})", R"({"full": {}})"}) {
        const auto mask = compiled(expression);
        EXPECT_EQ(mask->pairs_in({everything, everything}), mask->pairs());
        EXPECT_EQ(mask->pairs_in({{5, 7}, everything}), mask->pairs_in({{5, 7}, {0, n}}));
        EXPECT_EQ(mask->pairs_in({everything, {5, 7}}), mask->pairs_in({{0, n}, {5, 7}}));
        EXPECT_EQ(mask->pairs_in({{everything.end - 1, everything.end}, everything}), 0);
        EXPECT_FALSE(mask->contains(everything.end, 5));
        EXPECT_FALSE(mask->contains(5, everything.begin));
        EXPECT_EQ(mask->key_extent(everything), mask->key_extent({0, n}));
        EXPECT_EQ(mask->tile_class({everything, everything}), mask->tile_class(mask->box()));
    }
}

}  // namespace
}  // namespace longscope
