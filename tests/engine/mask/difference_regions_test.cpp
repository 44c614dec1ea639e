// SPDX-License-Identifier: GPL-3.0-or-later
// The places where two masks differ, against looking at every cell.
#include "engine/mask/difference_regions.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "tests/support/compiled_mask.h"
#include "tests/support/mask_cell_generators.h"
#include "tests/support/mask_cells.h"
#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

bool inside(const Box& box, std::int64_t query, std::int64_t key) {
    return query >= box.q.begin && query < box.q.end && key >= box.k.begin && key < box.k.end;
}

void expect_all_differences_once_found(const Mask& a, const Mask& b) {
    const MaskDifference difference = mask_difference(a, b);
    const std::vector<Box> regions = difference_regions(difference);
    for (std::int64_t query = 0; query < a.query_tokens(); ++query) {
        for (std::int64_t key = 0; key < a.key_tokens(); ++key) {
            const bool found =
                std::any_of(regions.begin(), regions.end(), [&](const Box& box) { return inside(box, query, key); });
            RC_ASSERT(found || a.contains(query, key) == b.contains(query, key));
        }
    }
    for (std::size_t i = 0; i < regions.size(); ++i) {
        Box expected{{a.query_tokens(), 0}, {a.key_tokens(), 0}};
        for (std::int64_t query = regions[i].q.begin; query < regions[i].q.end; ++query) {
            for (std::int64_t key = regions[i].k.begin; key < regions[i].k.end; ++key) {
                if (a.contains(query, key) != b.contains(query, key)) {
                    expected = {{std::min(expected.q.begin, query), std::max(expected.q.end, query + 1)},
                                {std::min(expected.k.begin, key), std::max(expected.k.end, key + 1)}};
                }
            }
        }
        RC_ASSERT(tight_region(difference, regions[i]) == expected);
        if (i > 0) {
            RC_ASSERT(std::pair(regions[i - 1].q.begin, regions[i - 1].k.begin) <=
                      std::pair(regions[i].q.begin, regions[i].k.begin));
        }
    }
}

RC_GTEST_PROP(DifferenceRegions, HoldAllDifferencesOfCells, ()) {
    const auto a = *random_cells();
    const auto b = with_some_flipped(a);
    expect_all_differences_once_found(*mask_of_cells(a), *mask_of_cells(b));
}

RC_GTEST_PROP(DifferenceRegions, HoldAllDifferencesOfExpressions, ()) {
    const MaskDomain domain = *mask_domain();
    const MaskCase a{domain, *mask_expression(domain, 2)};
    const MaskCase b{domain, *mask_expression(domain, 2)};
    expect_all_differences_once_found(*a.compiled(), *b.compiled());
}

TEST(DifferenceRegions, AreSeparateWhereTheyDoNotTouch) {
    const auto a = mask_of_cells({"........", "........", "........", "........"});
    const auto b = mask_of_cells({".##.....", "#......#", ".......#", "...#...."});
    const std::vector<Box> expected{{{0, 2}, {0, 3}}, {{1, 3}, {7, 8}}, {{3, 4}, {3, 4}}};
    EXPECT_EQ(difference_regions(mask_difference(*a, *b)), expected);
    EXPECT_TRUE(difference_regions(mask_difference(*a, *a)).empty());
}

// What fills a view is at most an eighth of the matrix wide, however long it is.
TEST(DifferenceRegions, ABandIsCutAndASingleTokenIsFoundAmongAMillion) {
    constexpr std::int64_t tokens = 1 << 20;
    const MaskDomain domain{tokens, tokens, {}};
    const auto mask = [&](const char* text) {
        return compile_mask(parse_mask(parse_json(text, "test"), "mask"), domain);
    };
    const auto near = mask(R"({"window": {"left": 1000, "right": 0}})");
    const auto far = mask(R"({"window": {"left": 1001, "right": 0}})");
    const MaskDifference band = mask_difference(*near, *far);
    const std::vector<Box> pieces = difference_regions(band);
    EXPECT_GE(pieces.size(), 8U);
    EXPECT_LE(pieces.size(), 24U);
    for (const Box& piece : pieces) {
        EXPECT_LE(std::max(piece.q.size(), piece.k.size()), tokens / 8);
    }
    const auto one =
        mask(R"({"or": [{"causal": {}}, {"zones": {"zones": [[70000, 70001, 900000, 900001, -2000000, 2000000]]}}]})");
    const MaskDifference single = mask_difference(*mask(R"({"causal": {}})"), *one);
    const std::vector<Box> places = difference_regions(single);
    ASSERT_EQ(places.size(), 1U);
    EXPECT_EQ(tight_region(single, places.front()), (Box{{70000, 70001}, {900000, 900001}}));
}

}  // namespace
}  // namespace longscope
