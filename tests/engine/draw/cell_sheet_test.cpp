// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/cell_sheet.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/engine/draw/list_queries.h"

namespace longscope {
namespace {

constexpr SheetMargins margins{50, 30, 20, 10};

SheetView view_of(double width, double height) {
    SheetView view;
    view.width = width;
    view.height = height;
    return view;
}

TEST(CellSheet, CellsFillTheRoomAndNoMoreThanTheyMay) {
    const CellSheet few = make_sheet(view_of(2000, 2000), 2, 2, margins);
    EXPECT_EQ(few.cell, SheetView().largest);
    EXPECT_EQ(few.area, (Rect{50, 30, 2 * few.cell.width, 2 * few.cell.height}));
    const CellSheet many = make_sheet(view_of(1070, 540), 50, 100, margins);
    EXPECT_EQ(many.cell, (CellSize{10, 10}));
    EXPECT_EQ(many.area, (Rect{50, 30, 1000, 500}));
}

TEST(CellSheet, WhatDoesNotFitIsScrolledTo) {
    SheetView view = view_of(570, 340);
    view.smallest = {26, 16};
    view.scroll_x = 1e9;
    view.scroll_y = 100;
    const CellSheet sheet = make_sheet(view, 64, 128, margins);
    EXPECT_EQ(sheet.cell, (CellSize{26, 16}));
    EXPECT_EQ(sheet.area, (Rect{50, 30, 500, 300}));
    EXPECT_EQ(sheet.scroll_x, 26 * 128 - 500) << "no farther than to the last cell";
    EXPECT_EQ(sheet.scroll_y, 100);
    EXPECT_EQ(sheet.seen_columns().end, 128);
    EXPECT_EQ(sheet.seen_rows(), (Range{6, 25})) << "also those that are cut";
}

RC_GTEST_PROP(CellSheet, APointOfACellLeadsBackToIt, ()) {
    SheetView view = view_of(*rc::gen::inRange(90, 1500), *rc::gen::inRange(60, 900));
    view.smallest = {static_cast<double>(*rc::gen::inRange(1, 60)), static_cast<double>(*rc::gen::inRange(1, 40))};
    view.scroll_x = *rc::gen::inRange(0, 3000);
    view.scroll_y = *rc::gen::inRange(0, 3000);
    const CellSheet sheet = make_sheet(view, *rc::gen::inRange(1, 300), *rc::gen::inRange(1, 300), margins);
    const Range rows = sheet.seen_rows();
    const Range columns = sheet.seen_columns();
    RC_ASSERT(rows.size() >= 1 && columns.size() >= 1);
    const CellPlace place{*rc::gen::inRange(rows.begin, rows.end), *rc::gen::inRange(columns.begin, columns.end)};
    const Rect cell = sheet.cell_at(place);
    const Point middle{cell.x + cell.width / 2, cell.y + cell.height / 2};
    const Rect& area = sheet.area;
    const bool seen = middle.x >= area.x && middle.x < area.right() && middle.y >= area.y && middle.y < area.bottom();
    RC_ASSERT(sheet.place_at(middle) == (seen ? std::optional(place) : std::nullopt));
}

TEST(CellSheet, HeadingsHaveNoCell) {
    const CellSheet sheet = make_sheet(view_of(500, 300), 4, 4, margins);
    EXPECT_FALSE(sheet.place_at({10, 100}));
    EXPECT_FALSE(sheet.place_at({100, 10}));
    EXPECT_FALSE(sheet.place_at({sheet.area.right(), 100}));
    EXPECT_TRUE(sheet.place_at({51, 31}));
}

TEST(CellSheet, LabelsKeepApart) {
    for (const std::int64_t columns : {4, 40, 400}) {
        const CellSheet sheet = make_sheet(view_of(800, 300), 4, columns, margins);
        DisplayList list;
        SheetPainter(list, sheet, light_theme())
            .column_labels(20, [](std::int64_t column) { return std::to_string(column); }, {});
        double end = 0;
        const std::vector<Text> labels = items_of<Text>(list);
        ASSERT_FALSE(labels.empty());
        for (const Text& label : labels) {
            const double half = estimated_text_width(label.text, label.size) / 2;
            EXPECT_GE(label.at.x - half, end) << label.text;
            end = label.at.x + half;
        }
        EXPECT_EQ(labels.size() == static_cast<std::size_t>(columns), columns < 40) << columns;
    }
}

TEST(CellSheet, TextsThatDoNotFitAreLeftOutFromTheLastOn) {
    const CellSheet sheet = make_sheet(view_of(170, 70), 1, 1, margins);  // one cell of 100 x 30
    const auto fitting = [&](const std::vector<std::string>& lines) {
        DisplayList list;
        SheetPainter(list, sheet, light_theme()).texts({0, 0}, lines, {});
        return texts_of(list);
    };
    EXPECT_EQ(fitting({"one", "two", "three"}), (std::vector<std::string>{"one", "two"}));
    EXPECT_TRUE(fitting({"a text that is far too long for it", "two"}).empty());
}

}  // namespace
}  // namespace longscope
