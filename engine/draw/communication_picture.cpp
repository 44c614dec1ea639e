// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/communication_picture.h"

#include <algorithm>
#include <cmath>

#include "engine/base/units.h"
#include "engine/draw/sheet_header.h"

namespace longscope {

namespace {

constexpr double text_size = 11;
constexpr double sum_column = 84;
constexpr double sum_row = 66;   // of sums that stand upright where columns are narrow
constexpr double flat_row = 24;  // of those that need not
constexpr float faintest = 1e-6F;

class CommunicationPicture {
  public:
    CommunicationPicture(const CommunicationMatrix& matrix, const SheetPictureOptions& options)
        : matrix_(matrix), options_(options), theme_(options.theme), sheet_(communication_sheet(matrix, options)) {
        list_.width = options.view.width;
        const double sums = sheet_.cell.width >= sum_row ? flat_row : sum_row;
        list_.height = options.title.empty() ? options.view.height
                                             : std::ceil(sheet_.area.bottom() + sums + picture_margin(options.title));
        list_.background = theme_.background;
        list_.title = options.title;
    }

    DisplayList draw() {
        SheetPainter painter(list_, sheet_, theme_);
        const CellGrid cells = grid();
        list_.add(cells);
        painter.lines();
        draw_texts(painter, cells);
        if (options_.chosen) {
            painter.outline(*options_.chosen, theme_.foreground, std::min(3.0, sheet_.cell.height / 3));
        }
        painter.cover();
        SheetHeader header(list_, theme_, options_.title, options_.caption);
        if (matrix_.all.bytes == 0) {
            header.text("Nothing moves between ranks.");
        } else {
            header.swatch(theme_.density.front(), "nothing");
            header.ramp(theme_.density, "> 0", format_bytes(matrix_.largest_bytes()));
            header.text("sent by the rank of a row to that of a column");
        }
        draw_headings(painter);
        draw_sums(painter);
        return std::move(list_);
    }

  private:
    [[nodiscard]] CellGrid grid() const {
        CellGrid cells = seen_cells(sheet_);
        cells.ramp = theme_.density;
        const double largest = static_cast<double>(matrix_.largest_bytes());
        const Range columns = sheet_.seen_columns();
        const Range rows = sheet_.seen_rows();
        for (std::int64_t row = rows.begin; row < rows.end; ++row) {
            for (std::int64_t column = columns.begin; column < columns.end; ++column) {
                const std::int64_t bytes = matrix_.at(row, column).bytes;
                cells.values.push_back(
                    bytes == 0 ? 0.0F : std::max(static_cast<float>(static_cast<double>(bytes) / largest), faintest));
            }
        }
        return cells;
    }

    void draw_texts(SheetPainter& painter, const CellGrid& cells) {
        if (!sheet_.has_room_for_texts()) {
            return;
        }
        const Range columns = sheet_.seen_columns();
        const Range rows = sheet_.seen_rows();
        for (std::int64_t row = rows.begin; row < rows.end; ++row) {
            for (std::int64_t column = columns.begin; column < columns.end; ++column) {
                const Traffic& traffic = matrix_.at(row, column);
                if (traffic.bytes == 0) {
                    continue;
                }
                painter.texts({row, column},
                              {format_bytes(traffic.bytes),
                               format_count(traffic.messages) + (traffic.messages == 1 ? " message" : " messages")},
                              cells.colour_of(static_cast<std::int32_t>(row - rows.begin),
                                              static_cast<std::int32_t>(column - columns.begin)));
            }
        }
    }

    void draw_headings(SheetPainter& painter) {
        const auto name = [](std::int64_t rank) { return std::to_string(rank); };
        painter.row_labels(sheet_.area.x - 8, name);
        painter.column_labels(sheet_.area.y - 6, name, theme_.foreground);
        list_.add(
            Text{{sheet_.area.x - 8, sheet_.area.y - 6}, "from | to", theme_.muted, text_size, Text::Anchor::end});
    }

    void draw_sums(SheetPainter& painter) {
        const auto sent = [&](std::int64_t rank) {
            return format_bytes(matrix_.sent[static_cast<std::size_t>(rank)].bytes);
        };
        const auto received = [&](std::int64_t rank) {
            return format_bytes(matrix_.received[static_cast<std::size_t>(rank)].bytes);
        };
        const double right = sheet_.area.right() + sum_column;
        list_.add(Text{{right, sheet_.area.y - 6}, "sent", theme_.muted, text_size, Text::Anchor::end});
        painter.row_values(right, sent);
        const double below = sheet_.area.bottom() + 16;
        list_.add(Text{{sheet_.area.x - 8, below}, "received", theme_.muted, text_size, Text::Anchor::end});
        if (sheet_.cell.width >= sum_row) {
            painter.column_labels(below, received, theme_.muted);
        } else {
            upright_sums(received);
        }
        list_.add(
            Text{{right, below}, format_bytes(matrix_.all.bytes), theme_.foreground, text_size, Text::Anchor::end});
    }

    void upright_sums(const std::function<std::string(std::int64_t)>& received) {
        constexpr double least_column = 13;
        if (sheet_.cell.width < least_column) {
            return;
        }
        const Range columns = sheet_.seen_columns();
        for (std::int64_t column = columns.begin; column < columns.end; ++column) {
            const Rect cell = sheet_.cell_at({0, column});
            const double x = cell.x + cell.width / 2;
            if (x >= sheet_.area.x && x <= sheet_.area.right()) {
                list_.add(Text{{x + text_size * 0.36, sheet_.area.bottom() + 6},
                               received(column),
                               theme_.muted,
                               text_size,
                               Text::Anchor::end,
                               Text::Weight::normal,
                               -90});
            }
        }
    }

    const CommunicationMatrix& matrix_;
    const SheetPictureOptions& options_;
    const Theme& theme_;
    CellSheet sheet_;
    DisplayList list_;
};

}  // namespace

CellSheet communication_sheet(const CommunicationMatrix& matrix, const SheetPictureOptions& options) {
    const double margin = picture_margin(options.title);
    const SheetMargins margins{margin + estimated_text_width("received", text_size) + 8,
                               sheet_header_height(options.title) + 22, margin + sum_column, margin + sum_row};
    return make_sheet(options.view, matrix.ranks, matrix.ranks, margins);
}

DisplayList draw_communication(const CommunicationMatrix& matrix, const SheetPictureOptions& options) {
    return CommunicationPicture(matrix, options).draw();
}

}  // namespace longscope
