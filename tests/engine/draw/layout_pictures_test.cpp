// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of what ranks do, send and hold.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/units.h"
#include "engine/draw/communication_picture.h"
#include "engine/draw/memory_picture.h"
#include "engine/draw/step_picture.h"
#include "tests/engine/draw/list_queries.h"
#include "tests/support/layout_case.h"

namespace longscope {
namespace {

Colour cell_colour(const DisplayList& list, std::int32_t row, std::int32_t column) {
    for (const CellGrid& grid : items_of<CellGrid>(list)) {
        if (grid.rows > 1) {
            return grid.colour_of(row, column);
        }
    }
    return {};
}

std::size_t lines_of(const DisplayList& list, Colour colour) {
    const std::vector<Polyline> lines = items_of<Polyline>(list);
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(), [&](const Polyline& line) { return line.colour == colour; }));
}

// Nothing is painted outside of the picture.
void expect_inside(const DisplayList& list) {
    for (const Text& text : items_of<Text>(list)) {
        const double width = text.rotation_degrees == 0 ? estimated_text_width(text.text, text.size, text.weight) : 0;
        const double begin = text.anchor == Text::Anchor::start    ? text.at.x
                             : text.anchor == Text::Anchor::middle ? text.at.x - width / 2
                                                                   : text.at.x - width;
        EXPECT_GE(begin, 0) << text.text;
        EXPECT_LE(begin + width, list.width + 1) << text.text;
        EXPECT_LE(text.at.y, list.height) << text.text;
    }
}

TEST(StepPicture, ShowsOwnWorkHelpAndIdleSteps) {
    SheetPictureOptions options;
    options.title = "steps";
    const Theme& theme = options.theme;
    const DisplayList ring = draw_steps(LayoutCase("ring", "contiguous", 4).steps, options);
    EXPECT_EQ(cell_colour(ring, 3, 1), theme.category(Category::attend)) << "the busiest cell";
    EXPECT_TRUE(has_text(ring, "idle"));
    EXPECT_TRUE(has_text(ring, "100.0 %"));
    EXPECT_EQ(cell_colour(ring, 0, 1), cell_colour(ring, 1, 3)) << "both are idle";
    EXPECT_NE(cell_colour(ring, 0, 1), cell_colour(ring, 0, 0));
    const DisplayList helping = draw_steps(LayoutCase("token_ring", "zigzag", 4).steps, options);
    EXPECT_EQ(cell_colour(helping, 0, 1).green < cell_colour(helping, 0, 1).red,
              theme.category(Category::finalize).green < theme.category(Category::finalize).red)
        << "help has its own colour";
    expect_inside(ring);
}

TEST(StepPicture, MarksWhatTheChosenCellSendsAndReceives) {
    SheetPictureOptions options;
    const LayoutCase c("ring", "zigzag", 4);
    const Theme& theme = options.theme;
    const std::size_t before = lines_of(draw_steps(c.steps, options), theme.category(Category::send));
    EXPECT_EQ(before, 0U);
    options.chosen = CellPlace{1, 0};
    const DisplayList list = draw_steps(c.steps, options);
    for (const Category category : {Category::send, Category::receive}) {
        EXPECT_EQ(lines_of(list, theme.category(category)), 2U) << "a curve and its head";
        const std::vector<FilledRect> rects = items_of<FilledRect>(list);
        EXPECT_EQ(std::count_if(rects.begin(), rects.end(),
                                [&](const FilledRect& rect) { return rect.colour == theme.category(category); }),
                  4 + 1)
            << "the outline of the other's cell, and the legend";
    }
    EXPECT_TRUE(has_text(list, "sends to"));
}

TEST(StepPicture, TellsThePassesApart) {
    const SheetPictureOptions options;
    EXPECT_FALSE(has_text(draw_steps(LayoutCase("ring", "zigzag", 4).steps, options), "backward"));
    const DisplayList both = draw_steps(LayoutCase("ring", "zigzag", 4, Pass::forward_backward).steps, options);
    EXPECT_TRUE(has_text(both, "forward"));
    EXPECT_TRUE(has_text(both, "backward"));
}

TEST(StepPicture, OfManyRanksHasNoTextThatNobodyCouldRead) {
    SheetPictureOptions options;
    options.title = "many";
    const LayoutCase c("all_gather", "zigzag", 256);
    const DisplayList list = draw_steps(c.steps, options);
    EXPECT_LT(items_of<Text>(list).size(), 1000U);
    EXPECT_LE(list.height, options.view.height + 40);
    expect_inside(list);
}

TEST(CommunicationPicture, ShadesByBytesAndSumsThemUp) {
    SheetPictureOptions options;
    options.title = "communication";
    const CommunicationMatrix matrix = communication_matrix(LayoutCase("ring", "zigzag", 4).steps, std::nullopt);
    const DisplayList list = draw_communication(matrix, options);
    EXPECT_EQ(cell_colour(list, 0, 1), options.theme.density.back());
    EXPECT_EQ(cell_colour(list, 1, 0), options.theme.density.front()) << "nothing goes back";
    EXPECT_TRUE(has_text(list, format_bytes(matrix.all.bytes)));
    EXPECT_TRUE(has_text(list, "3 messages"));
    const std::vector<std::string> texts = texts_of(list);
    // In its cell, and the sum of its row and of its column.
    EXPECT_GE(std::count(texts.begin(), texts.end(), format_bytes(matrix.at(0, 1).bytes)), 4 + 4 + 4);
    expect_inside(list);
}

TEST(CommunicationPicture, OfOneRankSaysThatNothingMoves) {
    const SheetPictureOptions options;
    const DisplayList list =
        draw_communication(communication_matrix(LayoutCase("ring", "zigzag", 1).steps, std::nullopt), options);
    EXPECT_TRUE(has_text(list, "Nothing moves between ranks."));
}

MemoryPictureOptions memory_options(const LayoutCase& c) {
    MemoryPictureOptions options;
    options.title = "memory";
    options.steps = static_cast<std::int32_t>(c.steps.steps());
    options.backward_from = c.steps.backward_from;
    options.rank = neediest_rank(c.memory);
    return options;
}

TEST(MemoryPicture, MarksThePeakOfTheChosenRank) {
    const LayoutCase c("ring", "zigzag", 4, Pass::forward_backward);
    const MemoryPictureOptions options = memory_options(c);
    const MemoryProfile& most = c.memory[static_cast<std::size_t>(options.rank)];
    const DisplayList list = draw_memory(c.memory, options);
    EXPECT_TRUE(has_text(
        list, "peak " + format_bytes(most.peak_bytes()) + " in step " + std::to_string(most.changes[most.peak].step)));
    for (const char* part : {"own inputs", "K, V", "O, lse", "dQ", "dK, dV"}) {
        EXPECT_TRUE(has_text(list, part)) << part;
    }
    EXPECT_FALSE(has_text(list, "Q")) << "a ring has no buffer of queries";
    expect_inside(list);
}

// The height of what is stacked is what the rank holds there.
TEST(MemoryPicture, StacksToWhatIsHeld) {
    const LayoutCase c("ulysses", "zigzag", 4);
    const MemoryPictureOptions options = memory_options(c);
    const MemoryChart chart = memory_chart(c.memory, options);
    const MemoryProfile& most = c.memory[static_cast<std::size_t>(options.rank)];
    double top = chart.plot.bottom();
    for (const FilledRect& rect : items_of<FilledRect>(draw_memory(c.memory, options))) {
        if (rect.area.y >= chart.plot.y && rect.area.bottom() <= chart.plot.bottom() + 0.01 &&
            rect.colour.alpha == 255) {
            top = std::min(top, rect.area.y);
        }
    }
    EXPECT_NEAR((chart.plot.bottom() - top) / chart.plot.height * static_cast<double>(chart.top_bytes),
                static_cast<double>(most.peak_bytes()), static_cast<double>(chart.top_bytes) / 500);
}

TEST(MemoryPicture, ShowsTheBudgetWhereItIsNear) {
    const LayoutCase c("ring", "zigzag", 4);
    MemoryPictureOptions options = memory_options(c);
    const std::int64_t peak = c.memory[static_cast<std::size_t>(options.rank)].peak_bytes();
    options.budget_bytes = peak / 2;
    EXPECT_TRUE(has_text(draw_memory(c.memory, options), "budget " + format_bytes(peak / 2)));
    options.budget_bytes = 2 * peak;
    EXPECT_TRUE(has_text(draw_memory(c.memory, options), "budget " + format_bytes(2 * peak)));
    EXPECT_GE(memory_chart(c.memory, options).top_bytes, 2 * peak);
    options.budget_bytes = 1000 * peak;
    EXPECT_TRUE(has_text(draw_memory(c.memory, options), "budget " + format_bytes(1000 * peak) + ", far above"));
}

TEST(MemoryPicture, PointsLeadToTimesAndRanks) {
    const LayoutCase c("ring", "zigzag", 8);
    const MemoryChart chart = memory_chart(c.memory, memory_options(c));
    EXPECT_DOUBLE_EQ(chart.time_at({chart.plot.x + chart.plot.width / 2, chart.plot.y + 5}).value(), 4.0);
    EXPECT_FALSE(chart.time_at({chart.plot.x - 1, chart.plot.y + 5}));
    EXPECT_EQ(chart.rank_at({chart.bars.x + 1, chart.bars.y + 3}), 0);
    EXPECT_EQ(chart.rank_at({chart.bars.right() - 1, chart.bars.bottom() + 10}), 7) << "its number belongs to it";
    EXPECT_FALSE(chart.rank_at({chart.plot.x + 1, chart.plot.y + 3}));
}

}  // namespace
}  // namespace longscope
