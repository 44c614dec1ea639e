// SPDX-License-Identifier: GPL-3.0-or-later
// A picture as plain data, free of any toolkit: what to paint, in order, in points from the top left corner. Pictures
// are made once and painted by whoever needs them: cairo into files, the window on its canvas.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace longscope {

struct Colour {
    std::uint8_t red = 0;
    std::uint8_t green = 0;
    std::uint8_t blue = 0;
    std::uint8_t alpha = 255;
    [[nodiscard]] bool operator==(const Colour&) const = default;
};

// a at share 0, b at share 1.
[[nodiscard]] Colour mix(Colour a, Colour b, double share);

struct Point {
    double x = 0;
    double y = 0;
    [[nodiscard]] bool operator==(const Point&) const = default;
};

struct Rect {
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;

    [[nodiscard]] double right() const { return x + width; }
    [[nodiscard]] double bottom() const { return y + height; }
    [[nodiscard]] bool operator==(const Rect&) const = default;
};

struct FilledRect {
    Rect area;
    Colour colour;
};

// Horizontal and vertical lines are painted crisp: painters move them to the middle of a pixel.
struct Line {
    Point from;
    Point to;
    Colour colour;
    double width = 1;
};

struct Polyline {
    std::vector<Point> points;
    Colour colour;
    double width = 1;
    bool filled = false;  // the closed area instead of the line
};

struct Text {
    enum class Anchor { start, middle, end };
    enum class Weight { normal, bold };

    Point at;  // where the anchor of the text stands, on its baseline
    std::string text;
    Colour colour;
    double size = 12;
    Anchor anchor = Anchor::start;
    Weight weight = Weight::normal;
    double rotation_degrees = 0;  // clockwise, about `at`
};

// A matrix of shaded cells that fills `area`, row by row from the top.
struct CellGrid {
    Rect area;
    std::int32_t columns = 0;
    std::int32_t rows = 0;
    std::vector<float> values;  // 0 to 1, one a cell
    // The first colour is that of 0 alone; the others are spread evenly from just above 0 to 1, so that the faintest
    // cell differs visibly from an empty one.
    std::vector<Colour> ramp;
    // Overlay: empty, or one a cell. 0 takes the ramp, c > 0 shades towards class_colours[c - 1].
    std::vector<std::uint8_t> classes;
    std::vector<Colour> class_colours;

    [[nodiscard]] Colour colour_of(std::int32_t row, std::int32_t column) const;
};

using DisplayItem = std::variant<FilledRect, Line, Polyline, Text, CellGrid>;

struct DisplayList {
    double width = 0;
    double height = 0;
    Colour background;
    std::string title;  // for the metadata of files
    std::vector<DisplayItem> items;

    template <typename Item>
    void add(Item item) {
        items.emplace_back(std::move(item));
    }
};

// A cautious estimate, for layout without a font: wide enough for the common sans-serif fonts.
[[nodiscard]] double estimated_text_width(std::string_view text, double size,
                                          Text::Weight weight = Text::Weight::normal);

// The text, or as much of its beginning as fits, followed by "...".
[[nodiscard]] std::string fitted_text(std::string_view text, double size, double width,
                                      Text::Weight weight = Text::Weight::normal);

}  // namespace longscope
