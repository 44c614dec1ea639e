// SPDX-License-Identifier: GPL-3.0-or-later
// Where kernels stand under the roof of a device.
#include "engine/draw/roofline_picture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace longscope {
namespace {

RooflinePicture example() {
    RooflinePicture picture;
    picture.title = "Example";
    picture.peak_flops_per_s = 100e9;
    picture.read_bytes_per_s = 10e9;
    picture.kernels = {{"bound by memory", {{2, 20e9}, {2, 10e9}}, {2, 15e9}},
                       {"bound by the peak", {{200, 100e9}}, {200, 100e9}}};
    return picture;
}

template <typename Item>
std::vector<Item> of_type(const DisplayList& list) {
    std::vector<Item> found;
    for (const auto& item : list.items) {
        if (const auto* one = std::get_if<Item>(&item)) {
            found.push_back(*one);
        }
    }
    return found;
}

Point centre(const FilledRect& rect) {
    return {rect.area.x + rect.area.width / 2, rect.area.y + rect.area.height / 2};
}

// The height of the roof over a place.
double roof_at(const Polyline& roof, double x) {
    for (std::size_t i = 1; i < roof.points.size(); ++i) {
        const Point& a = roof.points[i - 1];
        const Point& b = roof.points[i];
        if (x >= a.x && x <= b.x) {
            return a.y + (b.y - a.y) * (x - a.x) / (b.x - a.x);
        }
    }
    ADD_FAILURE() << "no roof over " << x;
    return 0;
}

TEST(RooflinePicture, WhatReachesTheRoofStandsOnItAndAllElseBelow) {
    const DisplayList list = draw_roofline(example());
    const std::vector<Polyline> lines = of_type<Polyline>(list);
    ASSERT_EQ(lines.size(), 1U);
    const Polyline& roof = lines[0];
    ASSERT_EQ(roof.points.size(), 3U);
    EXPECT_GT(roof.points[0].y, roof.points[1].y) << "it rises";
    EXPECT_DOUBLE_EQ(roof.points[1].y, roof.points[2].y) << "and is flat";
    std::vector<FilledRect> marks = of_type<FilledRect>(list);
    marks.resize(5);  // those of the legend come last
    const auto above = [&](const FilledRect& mark) { return centre(mark).y - roof_at(roof, centre(mark).x); };
    EXPECT_NEAR(above(marks[0]), 0, 1e-6) << "a launch at the limit of the memory";
    EXPECT_GT(above(marks[1]), 5);
    EXPECT_GT(above(marks[2]), 5);
    EXPECT_NEAR(above(marks[3]), 0, 1e-6) << "a launch at the peak";
    EXPECT_NEAR(above(marks[4]), 0, 1e-6);
}

TEST(RooflinePicture, ADecadeIsAsWideEverywhere) {
    RooflinePicture picture = example();
    picture.kernels = {{"three", {{1, 1e9}, {10, 1e9}, {100, 1e9}}, {10, 1e9}}};
    const std::vector<FilledRect> marks = of_type<FilledRect>(draw_roofline(picture));
    const double first = centre(marks[1]).x - centre(marks[0]).x;
    EXPECT_GT(first, 10);
    EXPECT_NEAR(centre(marks[2]).x - centre(marks[1]).x, first, 1e-6);
    EXPECT_EQ(centre(marks[0]).y, centre(marks[2]).y);
}

TEST(RooflinePicture, EverythingLiesInsideThePicture) {
    for (const double peak : {1.0, 3e9, 1e15}) {
        for (const double intensity : {1e-3, 1.0, 1e6}) {
            RooflinePicture picture = example();
            picture.peak_flops_per_s = peak;
            picture.kernels = {{"one", {{intensity, peak * 0.3}}, {intensity, peak * 0.3}}};
            const DisplayList list = draw_roofline(picture);
            for (const FilledRect& mark : of_type<FilledRect>(list)) {
                EXPECT_GE(mark.area.x, 0);
                EXPECT_LE(mark.area.right(), list.width);
                EXPECT_GE(mark.area.y, 0);
                EXPECT_LE(mark.area.bottom(), list.height);
            }
            const std::vector<Polyline> lines = of_type<Polyline>(list);
            for (const Point& point : lines.at(0).points) {
                EXPECT_GE(point.y, 60);
                EXPECT_LE(point.y, list.height);
            }
        }
    }
}

TEST(RooflinePicture, WhatCannotBePlacedIsLeftOutAndAPeakThatIsNotKnownIsSaid) {
    RooflinePicture picture = example();
    picture.kernels = {{"none", {{0, 1e9}, {std::nan(""), 1}, {1, 0}}, {0, 0}}};
    EXPECT_EQ(of_type<FilledRect>(draw_roofline(picture)).size(), 1U) << "of the legend";
    picture.peak_flops_per_s = 0;
    const std::vector<Text> texts = of_type<Text>(draw_roofline(picture));
    EXPECT_TRUE(std::any_of(texts.begin(), texts.end(),
                            [](const Text& text) { return text.text == "the peak of the device was not measured"; }));
}

}  // namespace
}  // namespace longscope
