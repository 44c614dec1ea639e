// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/line_chart.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/engine/draw/list_queries.h"

namespace longscope {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

LineChart chart() {
    LineChart made;
    made.title = "rates";
    made.cases = {"2", "4", "8"};
    made.series = {{"ring", {1, 2, 4}}, {"ulysses", {3, none, 3.5}}};
    made.format = [](double value) { return fmt::format("{:g} F", value); };
    return made;
}

TEST(LineChart, HasALineForEachSeriesAndAMarkForEachValue) {
    const DisplayList list = draw_line_chart(chart());
    ASSERT_EQ(items_of<Polyline>(list).size(), 1U) << "a gap leaves single points without a line";
    const std::vector<Point> ring = items_of<Polyline>(list)[0].points;
    ASSERT_EQ(ring.size(), 3U);
    // From the axis, which begins at 0: each twice as high as the one before.
    EXPECT_NEAR((ring[1].y - ring[2].y) / (ring[0].y - ring[1].y), 2, 1e-9);
    EXPECT_NEAR(ring[1].x - ring[0].x, ring[2].x - ring[1].x, 1e-9);
    EXPECT_EQ(items_of<FilledRect>(list).size(), 5U + 2U) << "five values, and two squares of the legend";
    for (const char* text : {"rates", "2", "8", "ring", "ulysses", "0 F", "1 F", "4 F"}) {
        EXPECT_TRUE(has_text(list, text)) << text;
    }
}

TEST(LineChart, SaysThatNothingWasMeasured) {
    LineChart empty = chart();
    empty.series = {{"ring", {none, none, none}}};
    const DisplayList list = draw_line_chart(empty);
    EXPECT_TRUE(has_text(list, "nothing measured"));
    EXPECT_TRUE(items_of<Polyline>(list).empty());
    empty.series.clear();
    empty.cases.clear();
    EXPECT_TRUE(has_text(draw_line_chart(empty), "nothing measured"));
}

TEST(LineChart, BreaksALongLegend) {
    LineChart wide = chart();
    const double height = draw_line_chart(wide).height;
    for (int i = 0; i < 8; ++i) {
        wide.series.push_back({fmt::format("another strategy {}", i), {1, 1, 1}});
    }
    const DisplayList list = draw_line_chart(wide);
    EXPECT_GT(list.height, height);
    for (const Text& text : items_of<Text>(list)) {
        EXPECT_LE(text.at.y, list.height);
        EXPECT_LE(text.at.x, list.width);
    }
}

}  // namespace
}  // namespace longscope
