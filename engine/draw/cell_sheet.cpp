// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/cell_sheet.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace longscope {

namespace {

constexpr double text_size = 11;
constexpr double line_height = 14;
constexpr double least_for_lines = 7;  // points of a cell

double fitting(double room, std::int64_t count, double smallest, double largest) {
    const double fit = std::clamp(room / static_cast<double>(std::max<std::int64_t>(1, count)), smallest, largest);
    return fit >= 4 ? std::floor(fit) : fit;  // whole points have crisp borders
}

Range seen(double scroll, double room, double cell, std::int64_t count) {
    const auto begin = static_cast<std::int64_t>(std::floor(scroll / cell));
    const auto end = static_cast<std::int64_t>(std::ceil((scroll + room) / cell));
    return {std::clamp<std::int64_t>(begin, 0, count), std::clamp<std::int64_t>(end, 0, count)};
}

// 1, 2, 5, 10, ...: every so many labels have room.
std::int64_t label_stride(double label, double cell) {
    std::int64_t stride = 1;
    for (std::int64_t i = 0; static_cast<double>(stride) * cell < label; ++i) {
        stride = stride * (i % 3 == 1 ? 5 : 4) / 2;
    }
    return stride;
}

}  // namespace

Rect CellSheet::cell_at(CellPlace place) const {
    return {area.x - scroll_x + static_cast<double>(place.column) * cell.width,
            area.y - scroll_y + static_cast<double>(place.row) * cell.height, cell.width, cell.height};
}

std::optional<CellPlace> CellSheet::place_at(Point point) const {
    if (point.x < area.x || point.x >= area.right() || point.y < area.y || point.y >= area.bottom()) {
        return std::nullopt;
    }
    const CellPlace place{static_cast<std::int64_t>((point.y - area.y + scroll_y) / cell.height),
                          static_cast<std::int64_t>((point.x - area.x + scroll_x) / cell.width)};
    return place.row < rows && place.column < columns ? std::optional(place) : std::nullopt;
}

bool CellSheet::has_room_for_texts() const {
    constexpr std::int64_t most_cells = 2000;
    return cell.width >= 24 && cell.height >= line_height && seen_rows().size() * seen_columns().size() <= most_cells;
}

Range CellSheet::seen_rows() const {
    return seen(scroll_y, area.height, cell.height, rows);
}

Range CellSheet::seen_columns() const {
    return seen(scroll_x, area.width, cell.width, columns);
}

CellSheet make_sheet(const SheetView& view, std::int64_t rows, std::int64_t columns, const SheetMargins& margins) {
    CellSheet sheet;
    sheet.rows = rows;
    sheet.columns = columns;
    const double wide = std::max(1.0, view.width - margins.left - margins.right);
    const double tall = std::max(1.0, view.height - margins.top - margins.bottom);
    sheet.cell = {fitting(wide, columns, view.smallest.width, view.largest.width),
                  fitting(tall, rows, view.smallest.height, view.largest.height)};
    sheet.area = {margins.left, margins.top, std::min(wide, sheet.full_width()), std::min(tall, sheet.full_height())};
    sheet.scroll_x = std::clamp(view.scroll_x, 0.0, std::max(0.0, sheet.full_width() - wide));
    sheet.scroll_y = std::clamp(view.scroll_y, 0.0, std::max(0.0, sheet.full_height() - tall));
    return sheet;
}

CellGrid seen_cells(const CellSheet& sheet) {
    const Range rows = sheet.seen_rows();
    const Range columns = sheet.seen_columns();
    const Rect first = sheet.cell_at({rows.begin, columns.begin});
    CellGrid grid;
    grid.area = {first.x, first.y, sheet.cell.width * static_cast<double>(columns.size()),
                 sheet.cell.height * static_cast<double>(rows.size())};
    grid.columns = static_cast<std::int32_t>(columns.size());
    grid.rows = static_cast<std::int32_t>(rows.size());
    grid.values.reserve(static_cast<std::size_t>(columns.size() * rows.size()));
    return grid;
}

void SheetPainter::lines() {
    const Rect& area = sheet_.area;
    if (sheet_.cell.width >= least_for_lines) {
        const Range columns = sheet_.seen_columns();
        for (std::int64_t column = columns.begin; column <= columns.end; ++column) {
            const double x = sheet_.cell_at({0, column}).x;
            list_.add(Line{{x, area.y}, {x, area.bottom()}, theme_.background});
        }
    }
    if (sheet_.cell.height >= least_for_lines) {
        const Range rows = sheet_.seen_rows();
        for (std::int64_t row = rows.begin; row <= rows.end; ++row) {
            const double y = sheet_.cell_at({row, 0}).y;
            list_.add(Line{{area.x, y}, {area.right(), y}, theme_.background});
        }
    }
}

void SheetPainter::texts(CellPlace place, const std::vector<std::string>& lines, Colour cell) {
    const Rect rect = sheet_.cell_at(place);
    std::size_t fit = 0;
    while (fit < lines.size() && static_cast<double>(fit + 1) * line_height <= rect.height &&
           estimated_text_width(lines[fit], text_size) + 6 <= rect.width) {
        ++fit;
    }
    double y = rect.y + (rect.height - static_cast<double>(fit) * line_height) / 2 + line_height - 3;
    for (std::size_t line = 0; line < fit; ++line) {
        list_.add(Text{{rect.x + rect.width / 2, y}, lines[line], ink_on(cell), text_size, Text::Anchor::middle});
        y += line_height;
    }
}

void SheetPainter::outline(CellPlace place, Colour colour, double width) {
    const Rect cell = sheet_.cell_at(place);
    list_.add(FilledRect{{cell.x, cell.y, cell.width, width}, colour});
    list_.add(FilledRect{{cell.x, cell.bottom() - width, cell.width, width}, colour});
    list_.add(FilledRect{{cell.x, cell.y, width, cell.height}, colour});
    list_.add(FilledRect{{cell.right() - width, cell.y, width, cell.height}, colour});
}

void SheetPainter::cover() {
    const Rect& area = sheet_.area;
    list_.add(FilledRect{{0, 0, list_.width, area.y}, list_.background});
    list_.add(FilledRect{{0, 0, area.x, list_.height}, list_.background});
    list_.add(FilledRect{{area.right(), 0, list_.width - area.right(), list_.height}, list_.background});
    list_.add(FilledRect{{0, area.bottom(), list_.width, list_.height - area.bottom()}, list_.background});
}

void SheetPainter::row_labels(double x, const std::function<std::string(std::int64_t)>& label) {
    labels_of_rows(x, label, theme_.foreground);
}

void SheetPainter::row_values(double x, const std::function<std::string(std::int64_t)>& value) {
    labels_of_rows(x, value, theme_.muted);
}

void SheetPainter::labels_of_rows(double x, const std::function<std::string(std::int64_t)>& label, Colour colour) {
    const std::int64_t stride = label_stride(line_height - 2, sheet_.cell.height);
    const Range rows = sheet_.seen_rows();
    for (std::int64_t row = (rows.begin + stride - 1) / stride * stride; row < rows.end; row += stride) {
        const Rect cell = sheet_.cell_at({row, 0});
        const double y = cell.y + cell.height / 2;
        if (y >= sheet_.area.y && y <= sheet_.area.bottom()) {
            list_.add(Text{{x, y + text_size * 0.36}, label(row), colour, text_size, Text::Anchor::end});
        }
    }
}

void SheetPainter::column_labels(double y, const std::function<std::string(std::int64_t)>& label, Colour colour) {
    const Range columns = sheet_.seen_columns();
    double widest = 0;
    for (std::int64_t column = columns.begin; column < columns.end; ++column) {
        widest = std::max(widest, estimated_text_width(label(column), text_size) + 8);
    }
    const std::int64_t stride = label_stride(widest, sheet_.cell.width);
    for (std::int64_t column = (columns.begin + stride - 1) / stride * stride; column < columns.end; column += stride) {
        const Rect cell = sheet_.cell_at({0, column});
        const double x = cell.x + cell.width / 2;
        if (x >= sheet_.area.x && x <= sheet_.area.right()) {
            list_.add(Text{{x, y}, label(column), colour, text_size, Text::Anchor::middle});
        }
    }
}

}  // namespace longscope
