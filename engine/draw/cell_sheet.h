// SPDX-License-Identifier: GPL-3.0-or-later
// A table of cells with headings at the top and at the left that stay while the cells scroll under them: where things
// stand, for painters and for whoever has to tell what is under the pointer.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"
#include "engine/mask/zone.h"

namespace longscope {

struct CellSize {
    double width = 0;
    double height = 0;
    [[nodiscard]] bool operator==(const CellSize&) const = default;
};

struct CellPlace {
    std::int64_t row = 0;
    std::int64_t column = 0;
    [[nodiscard]] bool operator==(const CellPlace&) const = default;
};

// How much of a table is seen. Cells are as large as fits, within the limits; what does not fit is scrolled to.
struct SheetView {
    double width = 1100;
    double height = 900;
    CellSize smallest{1, 1};
    CellSize largest{168, 56};
    double scroll_x = 0;  // points
    double scroll_y = 0;
};

// What is painted of a table.
struct SheetPictureOptions {
    Theme theme = light_theme();
    // With a title the picture stands alone: it has a caption, wide margins, and the height that it needs, at most that
    // of the view.
    std::string title;
    std::string caption;
    SheetView view = {};
    std::optional<CellPlace> chosen;
};

// Room around the cells.
struct SheetMargins {
    double left = 0;
    double top = 0;
    double right = 0;
    double bottom = 0;
};

struct CellSheet {
    std::int64_t rows = 0;
    std::int64_t columns = 0;
    Rect area;  // of the cells that are seen
    CellSize cell;
    double scroll_x = 0;  // no farther than to the last cell
    double scroll_y = 0;

    [[nodiscard]] double full_width() const { return cell.width * static_cast<double>(columns); }
    [[nodiscard]] double full_height() const { return cell.height * static_cast<double>(rows); }
    [[nodiscard]] Rect cell_at(CellPlace place) const;  // may lie outside of the area
    [[nodiscard]] std::optional<CellPlace> place_at(Point point) const;
    // Texts in cells that are too small, or of very many, nobody reads.
    [[nodiscard]] bool has_room_for_texts() const;
    // Those of which something is seen.
    [[nodiscard]] Range seen_rows() const;
    [[nodiscard]] Range seen_columns() const;
};

[[nodiscard]] CellSheet make_sheet(const SheetView& view, std::int64_t rows, std::int64_t columns,
                                   const SheetMargins& margins);

// The cells that are seen, as one grid without values.
[[nodiscard]] CellGrid seen_cells(const CellSheet& sheet);

// What the painters of sheets have in common.
class SheetPainter {
  public:
    SheetPainter(DisplayList& list, const CellSheet& sheet, const Theme& theme)
        : list_(list), sheet_(sheet), theme_(theme) {}

    void lines();
    // Texts in the middle of a cell, one below the other; those that do not fit are left out from the last on.
    void texts(CellPlace place, const std::vector<std::string>& lines, Colour cell);
    void outline(CellPlace place, Colour colour, double width);
    // Covers what was painted outside of the area.
    void cover();
    // As many labels as fit, each with the cell's number; `x` or `y` is where they end.
    void row_labels(double x, const std::function<std::string(std::int64_t)>& label);
    void column_labels(double y, const std::function<std::string(std::int64_t)>& label, Colour colour);
    // Texts of the same column, at a fixed x, with each row.
    void row_values(double x, const std::function<std::string(std::int64_t)>& value);

  private:
    void labels_of_rows(double x, const std::function<std::string(std::int64_t)>& label, Colour colour);

    DisplayList& list_;
    const CellSheet& sheet_;
    const Theme& theme_;
};

}  // namespace longscope
