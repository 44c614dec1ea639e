// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of strategies, and those of the manual's page: they are what the program draws.
#include "engine/draw/step_diagram_picture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/base/bounded_file.h"
#include "engine/draw/svg_writer.h"
#include "engine/parallel/strategy_example.h"
#include "engine/parallel/strategy_page.h"
#include "tests/engine/draw/list_queries.h"
#include "tests/support/paths.h"

namespace longscope {
namespace {

const StepDiagram two_ranks{{{{{"0", "0", "", 10}}, {}}, {{{"1", "1", "0-1", 20}}, {{"1", "0", "", 5}}}},
                            {{0, 0, 1, StepPayload::key_values}}};

TEST(StepPicture, HasABoxForEveryRankAndStepAndAnArrowForEveryTransfer) {
    const DisplayList list = draw_step_diagram(two_ranks, {light_theme(), "two"});
    EXPECT_EQ(items_of<FilledRect>(list).size(), 2U * 4U) << "a frame and a face each";
    EXPECT_EQ(items_of<Polyline>(list).size(), 2U) << "a shaft and a head";
    for (const char* text : {"rank 0", "rank 1", "step 0", "step 1", "Q 0 x KV 0", "Q 1 x KV 1", "heads 0-1",
                             "Q 1 x KV 0", "no pairs", "keys and values"}) {
        EXPECT_TRUE(has_text(list, text)) << text;
    }
    EXPECT_FALSE(has_text(list, "queries")) << "the legend names what occurs";
    EXPECT_EQ(list.title, "two");
}

TEST(StepPicture, ShadesByWork) {
    const std::vector<FilledRect> rects = items_of<FilledRect>(draw_step_diagram(two_ranks, {light_theme(), ""}));
    const auto lightness = [](Colour colour) { return colour.red + colour.green + colour.blue; };
    // Faces of 10, 0, 20 and 5.
    EXPECT_GT(lightness(rects[1].colour), lightness(rects[5].colour));
    EXPECT_GT(lightness(rects[7].colour), lightness(rects[1].colour));
    EXPECT_EQ(rects[3].colour, light_theme().background);
}

TEST(StepPicture, LeavesRoomForWhatIsSentInTheLastStep) {
    StepDiagram diagram = two_ranks;
    const double width = draw_step_diagram(diagram, {light_theme(), ""}).width;
    diagram.arrows.push_back({1, 1, 0, StepPayload::results});
    const DisplayList list = draw_step_diagram(diagram, {light_theme(), ""});
    EXPECT_GT(list.width, width);
    for (const Polyline& line : items_of<Polyline>(list)) {
        for (const Point point : line.points) {
            EXPECT_LT(point.x, list.width);
        }
    }
}

TEST(PageOnStrategies, HasThePicturesThatTheProgramDraws) {
    const std::filesystem::path folder = LONGSCOPE_SOURCE_DIR "/resources/docs/pictures/strategies";
    for (const StrategyEntry& strategy : strategies()) {
        const std::filesystem::path file = folder / strategy_picture_name(strategy);
        ASSERT_TRUE(std::filesystem::exists(file))
            << file << ": longscope-engine strategies --pictures resources/docs/pictures/strategies";
        const std::string drawn =
            svg_of(draw_step_diagram(step_diagram(example_schedules(strategy)),
                                     {light_theme(), fmt::format("{} on four ranks", strategy.name)}));
        EXPECT_EQ(read_bounded_file(file, 1 << 20), drawn)
            << file << ": longscope-engine strategies --pictures resources/docs/pictures/strategies";
        EXPECT_LT(drawn.size(), 40'000U) << file;
    }
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        EXPECT_TRUE(std::any_of(strategies().begin(), strategies().end(),
                                [&](const StrategyEntry& strategy) {
                                    return strategy_picture_name(strategy) == file.path().filename().string();
                                }))
            << file.path() << " is of no strategy";
    }
}

}  // namespace
}  // namespace longscope
