// SPDX-License-Identifier: GPL-3.0-or-later
// Zones from rows, and masks from zones.
#include "engine/mask/zone_gatherer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/mask/mask_of_zones.h"
#include "engine/mask/zone_mask.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/mask_cell_generators.h"
#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

std::size_t zones_of_text(const MaskPictureText& lines) {
    return gathered_zones(*mask_of_cells(lines), "test").size();
}

TEST(ZoneGatherer, MakesOneZoneOfEachSlice) {
    EXPECT_EQ(zones_of_text({"####", "####", "####"}), 1U);
    EXPECT_EQ(zones_of_text({"#...", "##..", "###.", "####"}), 1U);
    EXPECT_EQ(zones_of_text({"####", ".###", "..##", "...#"}), 1U);
    EXPECT_EQ(zones_of_text({"##..", ".##.", "..##"}), 1U);
    EXPECT_EQ(zones_of_text({"....", "....", "...."}), 0U);
}

TEST(ZoneGatherer, MakesOneZoneOfAWindowThatTheMatrixCutsOff) {
    const auto window = compiled_mask(R"({"window": {"left": 3, "right": 2}})", {64, 64, {}});
    EXPECT_EQ(gathered_zones(*window, "test").size(), 1U);
}

TEST(ZoneGatherer, BeginsAnewWhereARunJumpsOrRowsAreLeftOut) {
    EXPECT_EQ(zones_of_text({"#...", "..#."}), 2U);
    EXPECT_EQ(zones_of_text({"##..", "....", "##.."}), 2U);
    EXPECT_EQ(zones_of_text({".##.", "####"}), 2U) << "an end may move by one key, a begin not backwards";
    EXPECT_EQ(zones_of_text({"##..", ".#..", ".##."}), 2U) << "an end that stood still does not go on";
}

RC_GTEST_PROP(ZoneGathererProperty, KeepsEveryCell, ()) {
    const auto lines = *random_cells();
    const auto mask = mask_of_cells(lines);
    RC_ASSERT(cells_of(*mask) == lines);
    std::int64_t pairs = 0;
    for (const Zone& zone : gathered_zones(*mask, "test")) {
        pairs += longscope::pairs(zone);
    }
    RC_ASSERT(pairs == mask->pairs());
}

RC_GTEST_PROP(MaskOfZonesProperty, AnswersAsTheMaskDoesThatTheZonesAreOf, ()) {
    const MaskCase drawn = *mask_case();
    const auto mask = drawn.compiled();
    const auto again = mask_of_zones(mask->query_tokens(), mask->key_tokens(), zones_of(*mask, "test"));
    RC_ASSERT(cells_of(*again) == cells_of(*mask));
    RC_ASSERT(cells_of(*again->transposed()) == cells_of(*mask->transposed()));
    RC_ASSERT(again->pairs() == mask->pairs());
}

// A long zone beside very many short ones must not be cut at each of them.
TEST(MaskOfZones, CutsLongZonesSeldom) {
    constexpr std::int64_t tokens = 100'000;
    ZoneList zones{box_zone({{0, tokens}, {0, 10}})};
    for (std::int64_t row = 0; row < tokens; ++row) {
        zones.push_back(box_zone({{row, row + 1}, {20 + row % 7, 30}}));
    }
    const std::size_t given = zones.size();
    const auto mask = mask_of_zones(tokens, tokens, std::move(zones));
    const auto& made = dynamic_cast<const ZoneMask&>(*mask);
    EXPECT_LE(made.zones().size(), given + given / 4);
    EXPECT_GE(made.slabs(), tokens / 32) << "and rows must not have to ask many zones";
    EXPECT_EQ(mask->pairs_in({{50'000, 50'001}, {0, tokens}}), 10 + 10 - 50'000 % 7);
}

}  // namespace
}  // namespace longscope
