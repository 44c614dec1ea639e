// SPDX-License-Identifier: GPL-3.0-or-later
// Small pictures of masks, and those of the manual's page on masks: they are what the program draws.
#include "engine/draw/mask_thumbnail.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/draw/cairo_painter.h"
#include "engine/mask/leaf_page.h"
#include "engine/mask/mask_examples.h"
#include "tests/engine/draw/list_queries.h"
#include "tests/engine/draw/png_picture.h"
#include "tests/support/mask_cells.h"
#include "tests/support/paths.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

TEST(MaskThumbnail, HasACellForEveryTokenOrForEveryPoint) {
    const auto mask = mask_of_cells({"#...", "##..", "###."});
    const DisplayList small = draw_mask_thumbnail(*mask, {}, 40, light_theme());
    const std::vector<CellGrid> grids = items_of<CellGrid>(small);
    ASSERT_EQ(grids.size(), 1U);
    EXPECT_EQ(grids[0].values, (std::vector<float>{1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0}));
    EXPECT_EQ(grids[0].area, (Rect{1, 1, 40, 30})) << "square cells";
    EXPECT_EQ(small.width, 42);
    EXPECT_EQ(small.height, 32);
    const DisplayList coarse = draw_mask_thumbnail(*mask, {}, 2, dark_theme());
    EXPECT_EQ(items_of<CellGrid>(coarse)[0].values.size(), 2U) << "3 x 4 tokens in 1 x 2 cells";
    EXPECT_EQ(coarse.background, dark_theme().background);
}

TEST(MaskThumbnail, OutlinesDocuments) {
    const auto mask = mask_of_cells({"##..", "##..", "..##", "..##"});
    const auto lines = [&](const std::vector<std::int64_t>& cu_seqlens) {
        return items_of<Line>(draw_mask_thumbnail(*mask, cu_seqlens, 40, light_theme())).size();
    };
    EXPECT_EQ(lines({}), 4U) << "the frame";
    EXPECT_EQ(lines({0, 2, 4}), 12U);
}

TEST(MaskExamples, OfEveryLeafAndPresetShowAPattern) {
    std::set<std::vector<float>> patterns;
    const auto show = [&](const MaskExample& example, std::string_view name) {
        const DisplayList list = draw_mask_thumbnail(*example.mask, example.cu_seqlens, 64, light_theme());
        EXPECT_GT(example.mask->pairs(), 0) << name;
        EXPECT_TRUE(name == "full" || name == "full_long" || example.mask->pairs() < example.mask->box().pairs())
            << name;
        return items_of<CellGrid>(list)[0].values;
    };
    for (const LeafEntry& leaf : mask_leaves()) {
        EXPECT_TRUE(patterns.insert(show(example_of(leaf), leaf.name)).second) << leaf.name << " looks like another";
    }
    for (const MaskPreset& preset : mask_presets()) {
        (void)show(example_of(preset), preset.name);
    }
}

TEST(MaskExamples, HaveDocumentsWhereTheyMatter) {
    for (const LeafEntry& leaf : mask_leaves()) {
        if (leaf.name == "documents" || leaf.name == "shared_question") {
            EXPECT_EQ(example_of(leaf).cu_seqlens, (std::vector<std::int64_t>{0, 20, 32, 56, 64})) << leaf.name;
        } else if (leaf.name == "window" || leaf.name == "causal") {
            EXPECT_TRUE(example_of(leaf).cu_seqlens.empty()) << leaf.name;
        }
    }
}

// The pictures in a folder of the manual's page are those that the program draws of a registry.
template <typename Entry>
void expect_pictures(const std::string& what, const std::vector<Entry>& entries,
                     std::string (*name_of)(const Entry& entry), std::uintmax_t most_bytes) {
    const std::filesystem::path folder = std::filesystem::path(LONGSCOPE_SOURCE_DIR "/resources/docs/pictures") / what;
    const TemporaryFolder drawn;
    std::uintmax_t bytes = 0;
    for (const Entry& entry : entries) {
        const std::string name = name_of(entry);
        ASSERT_TRUE(std::filesystem::exists(folder / name))
            << name << ": longscope-engine mask " << what << " --pictures resources/docs/pictures/" << what;
        bytes += std::filesystem::file_size(folder / name);
        const MaskExample example = example_of(entry);
        paint(draw_mask_thumbnail(*example.mask, example.cu_seqlens, leaf_picture_points, light_theme()),
              drawn.path() / name);
        const Picture shown(folder / name);
        const Picture expected(drawn.path() / name);
        ASSERT_EQ(shown.width(), expected.width()) << name;
        ASSERT_EQ(shown.height(), expected.height()) << name;
        int other = 0;
        for (int y = 0; y < shown.height(); ++y) {
            for (int x = 0; x < shown.width(); ++x) {
                other += shown.at(x, y) == expected.at(x, y) ? 0 : 1;
            }
        }
        EXPECT_EQ(other, 0) << name << ": pixels that the program draws otherwise";
    }
    EXPECT_LT(bytes, most_bytes);
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        EXPECT_TRUE(std::any_of(entries.begin(), entries.end(),
                                [&](const Entry& entry) { return name_of(entry) == file.path().filename().string(); }))
            << file.path() << " is of none of the " << what;
    }
}

TEST(PageOnMasks, HasThePicturesThatTheProgramDraws) {
    expect_pictures<LeafEntry>("leaves", mask_leaves(), leaf_picture_name, 150'000U);
    expect_pictures<OrderEntry>("orders", token_orders(), order_picture_name, 20'000U);
}

}  // namespace
}  // namespace longscope
