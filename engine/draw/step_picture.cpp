// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/step_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/units.h"
#include "engine/draw/sheet_header.h"

namespace longscope {

namespace {

constexpr double text_size = 11;
constexpr double value_column = 84;          // of the sums at the right
constexpr double least_width_of_sums = 560;  // of the picture
constexpr float faintest = 1e-6F;            // computes a little: not idle

enum Class : std::uint8_t { own_class = 1, help_class = 2 };

class StepPicture {
  public:
    StepPicture(const StepTable& table, const SheetPictureOptions& options)
        : table_(table), options_(options), theme_(options.theme), sheet_(step_sheet(table, options)) {
        list_.width = options.view.width;
        list_.height = options.title.empty() ? options.view.height
                                             : std::ceil(sheet_.area.bottom() + picture_margin(options.title));
        list_.background = theme_.background;
        list_.title = options.title;
    }

    DisplayList draw() {
        SheetPainter painter(list_, sheet_, theme_);
        CellGrid cells = grid();
        list_.add(cells);
        painter.lines();
        draw_texts(painter, cells);
        draw_pass_border();
        draw_chosen(painter);
        painter.cover();
        draw_head();
        draw_headings(painter);
        draw_sums(painter);
        return std::move(list_);
    }

  private:
    [[nodiscard]] Colour idle_colour() const { return mix(theme_.background, theme_.grid, 0.55); }
    // What moves in a step stands below its number, where there is room.
    [[nodiscard]] bool shows_moved() const { return sheet_.cell.width >= 60; }

    [[nodiscard]] const RankStep& step(CellPlace place) const {
        return table_.ranks[static_cast<std::size_t>(place.row)][static_cast<std::size_t>(place.column)];
    }

    [[nodiscard]] CellGrid grid() const {
        CellGrid cells = seen_cells(sheet_);
        cells.ramp = {idle_colour(), theme_.category(Category::attend)};
        cells.class_colours = {theme_.category(Category::attend), theme_.category(Category::finalize)};
        const double largest = table_.largest_flops();
        const Range columns = sheet_.seen_columns();
        const Range rows = sheet_.seen_rows();
        for (std::int64_t row = rows.begin; row < rows.end; ++row) {
            for (std::int64_t column = columns.begin; column < columns.end; ++column) {
                const RankStep& cell = step({row, column});
                const bool idle = cell.work == StepWork::idle;
                const auto share = largest == 0 ? 0.0F : static_cast<float>(cell.flops / largest);
                cells.values.push_back(idle ? 0.0F : std::max(share, faintest));
                cells.classes.push_back(idle ? 0 : cell.work == StepWork::own ? own_class : help_class);
            }
        }
        return cells;
    }

    void draw_texts(SheetPainter& painter, const CellGrid& cells) {
        const Range columns = sheet_.seen_columns();
        const Range rows = sheet_.seen_rows();
        if (!sheet_.has_room_for_texts()) {
            return;
        }
        const double largest = table_.largest_flops();
        for (std::int64_t row = rows.begin; row < rows.end; ++row) {
            for (std::int64_t column = columns.begin; column < columns.end; ++column) {
                const RankStep& cell = step({row, column});
                const Colour ground = cells.colour_of(static_cast<std::int32_t>(row - rows.begin),
                                                      static_cast<std::int32_t>(column - columns.begin));
                if (cell.work == StepWork::idle) {
                    painter.texts({row, column}, {"idle"}, ground);
                } else {
                    const double share = largest == 0 ? 0 : cell.flops / largest;
                    // In a narrow cell the share says more than nothing.
                    const std::string flops = format_short_count(cell.flops);
                    const bool wide = estimated_text_width(flops, text_size) + 6 <= sheet_.cell.width;
                    painter.texts({row, column},
                                  wide ? std::vector<std::string>{flops, format_percent(share)}
                                       : std::vector<std::string>{fmt::format("{:.0f}%", 100 * share)},
                                  ground);
                }
            }
        }
    }

    // Between the passes.
    void draw_pass_border() {
        if (table_.backward_from && *table_.backward_from > 0) {
            const double x = sheet_.cell_at({0, *table_.backward_from}).x;
            list_.add(Line{{x, sheet_.area.y - 30}, {x, sheet_.area.bottom()}, theme_.foreground, 2});
        }
    }

    void draw_chosen(SheetPainter& painter) {
        if (!options_.chosen) {
            return;
        }
        const CellPlace chosen = *options_.chosen;
        std::vector<const StepTransfer*> transfers;
        for (const StepTransfer& transfer : table_.transfers) {
            if (transfer.step == chosen.column && (transfer.from == chosen.row || transfer.to == chosen.row)) {
                transfers.push_back(&transfer);
            }
        }
        for (const StepTransfer* transfer : transfers) {
            const bool sent = transfer->from == chosen.row;
            const CellPlace other{sent ? transfer->to : transfer->from, chosen.column};
            painter.outline(other, colour_of(sent), std::min(2.0, sheet_.cell.height / 4));
        }
        constexpr std::size_t most_arcs = 64;
        if (transfers.size() <= most_arcs && sheet_.cell.height >= 4) {
            for (const StepTransfer* transfer : transfers) {
                draw_arc(*transfer, transfer->from == chosen.row);
            }
        }
        painter.outline(chosen, theme_.foreground, std::min(3.0, sheet_.cell.height / 3));
    }

    [[nodiscard]] Colour colour_of(bool sent) const {
        return theme_.category(sent ? Category::send : Category::receive);
    }

    // From sender to receiver: what is sent bulges to the right, what is received to the left.
    void draw_arc(const StepTransfer& transfer, bool sent) {
        const Rect from = sheet_.cell_at({transfer.from, transfer.step});
        const Rect to = sheet_.cell_at({transfer.to, transfer.step});
        const double side = sent ? 1 : -1;
        const double x = from.x + from.width * (0.5 + side * 0.3);
        const double bulge = side * std::clamp(from.width * 0.4, 8.0, 40.0);
        const double y0 = from.y + from.height / 2;
        const double y1 = to.y + to.height / 2;
        Polyline arc{{}, theme_.background, 4};
        constexpr int parts = 16;
        for (int i = 0; i <= parts; ++i) {
            const double t = static_cast<double>(i) / parts;
            arc.points.push_back({x + bulge * 2 * t * (1 - t), y0 + (y1 - y0) * t});
        }
        list_.add(arc);
        arc.colour = colour_of(sent);
        arc.width = 2;
        const Point end = arc.points.back();
        const double down = y1 > y0 ? 1 : -1;
        list_.add(std::move(arc));
        list_.add(
            Polyline{{end, {end.x - 4, end.y - 7 * down}, {end.x + 4, end.y - 7 * down}}, colour_of(sent), 1, true});
    }

    void draw_head() {
        SheetHeader header(list_, theme_, options_.title, options_.caption);
        header.swatch(theme_.category(Category::attend), "own queries");
        header.swatch(theme_.category(Category::finalize), "queries of others");
        header.swatch(idle_colour(), "idle");
        if (options_.chosen) {
            header.swatch(colour_of(true), "sends to");
            header.swatch(colour_of(false), "receives from");
        }
    }

    void draw_headings(SheetPainter& painter) {
        const double last = sheet_.area.y - 6;
        const double numbers = shows_moved() ? last - 14 : last;
        painter.row_labels(sheet_.area.x - 8, [](std::int64_t rank) { return std::to_string(rank); });
        painter.column_labels(
            numbers, [](std::int64_t step) { return std::to_string(step); }, theme_.foreground);
        list_.add(Text{{sheet_.area.x - 8, numbers}, "rank | step", theme_.muted, text_size, Text::Anchor::end});
        if (shows_moved()) {
            std::vector<std::int64_t> moved(table_.steps());
            for (const StepTransfer& transfer : table_.transfers) {
                moved[static_cast<std::size_t>(transfer.step)] += transfer.bytes;
            }
            painter.column_labels(
                last,
                [&](std::int64_t step) {
                    const std::int64_t bytes = moved[static_cast<std::size_t>(step)];
                    return bytes == 0 ? std::string("-") : format_bytes(bytes);
                },
                theme_.muted);
            list_.add(Text{{sheet_.area.x - 8, last}, "moved", theme_.muted, text_size, Text::Anchor::end});
        }
        if (table_.backward_from) {
            draw_pass_names(numbers - 16);
        }
    }

    void draw_pass_names(double y) {
        const Rect& area = sheet_.area;
        const double border = std::clamp(sheet_.cell_at({0, *table_.backward_from}).x, area.x, area.right());
        for (const auto& [begin, end, name] :
             {std::tuple(area.x, border, "forward"), {border, area.right(), "backward"}}) {
            const std::string text = fitted_text(name, text_size, end - begin);
            if (text == name) {
                list_.add(Text{{(begin + end) / 2, y}, text, theme_.muted, text_size, Text::Anchor::middle});
            }
        }
    }

    void draw_sums(SheetPainter& painter) {
        if (!shows_sums(options_)) {
            return;
        }
        std::vector<double> flops;
        for (const std::vector<RankStep>& steps : table_.ranks) {
            double sum = 0;
            for (const RankStep& one : steps) {
                sum += one.flops;
            }
            flops.push_back(sum);
        }
        std::vector<std::int64_t> received(table_.ranks.size());
        for (const StepTransfer& transfer : table_.transfers) {
            received[static_cast<std::size_t>(transfer.to)] += transfer.bytes;
        }
        const double first = sheet_.area.right() + value_column;
        const double second = first + value_column;
        const double y = sheet_.area.y - 6;
        list_.add(Text{{first, y}, "FLOP", theme_.muted, text_size, Text::Anchor::end});
        list_.add(Text{{second, y}, "received", theme_.muted, text_size, Text::Anchor::end});
        painter.row_values(
            first, [&](std::int64_t rank) { return format_short_count(flops[static_cast<std::size_t>(rank)]); });
        painter.row_values(second,
                           [&](std::int64_t rank) { return format_bytes(received[static_cast<std::size_t>(rank)]); });
    }

  public:
    [[nodiscard]] static bool shows_sums(const SheetPictureOptions& options) {
        return options.view.width >= least_width_of_sums;
    }

  private:
    const StepTable& table_;
    const SheetPictureOptions& options_;
    const Theme& theme_;
    CellSheet sheet_;
    DisplayList list_;
};

}  // namespace

CellSheet step_sheet(const StepTable& table, const SheetPictureOptions& options) {
    const double margin = picture_margin(options.title);
    const SheetMargins margins{margin + estimated_text_width("rank | step", text_size) + 8,
                               sheet_header_height(options.title) + (table.backward_from ? 50 : 36),
                               margin + (StepPicture::shows_sums(options) ? 2 * value_column : 0), margin};
    return make_sheet(options.view, static_cast<std::int64_t>(table.ranks.size()),
                      static_cast<std::int64_t>(table.steps()), margins);
}

DisplayList draw_steps(const StepTable& table, const SheetPictureOptions& options) {
    return StepPicture(table, options).draw();
}

}  // namespace longscope
