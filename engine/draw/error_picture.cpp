// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/error_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

constexpr double margin = 28;
constexpr double axis_width = 64;
constexpr double legend_width = 200;
constexpr double plot_top = 116;
constexpr double plot_height = 640;
constexpr std::int64_t max_rows = 320;
// The scale: its lowest and highest power of ten.
constexpr int lowest = -8;
constexpr int highest = 0;

// 0 is kept for cells without a row.
float shade(double error) {
    if (!std::isfinite(error)) {
        return 1.0F;
    }
    const double power = error > 0 ? std::log10(error) : lowest;
    return static_cast<float>(std::clamp((power - lowest) / (highest - lowest), 0.001, 1.0));
}

class Picture {
  public:
    explicit Picture(const ErrorPictureOptions& options) : options_(options), theme_(options.theme) {
        list_.width = options.width;
        list_.height = plot_top + plot_height + 56;
        list_.background = theme_.background;
        list_.title = options.title;
        plot_ = {margin + axis_width, plot_top, options.width - 2 * margin - axis_width - legend_width - 24,
                 plot_height};
    }

    DisplayList draw(const std::vector<ErrorAt>& errors) {
        const double room = list_.width - 2 * margin;
        list_.add(Text{{margin, 40},
                       fitted_text(options_.title, 18, room, Text::Weight::bold),
                       theme_.foreground,
                       18,
                       Text::Anchor::start,
                       Text::Weight::bold});
        list_.add(Text{{margin, 61}, fitted_text(options_.subtitle, 12.5, room), theme_.muted, 12.5});
        draw_cells(errors);
        draw_axes();
        draw_legend();
        return std::move(list_);
    }

  private:
    void draw_cells(const std::vector<ErrorAt>& errors) {
        CellGrid grid;
        grid.area = plot_;
        grid.columns = static_cast<std::int32_t>(std::min<std::int64_t>(options_.columns, 4096));
        grid.rows = static_cast<std::int32_t>(std::min(options_.queries, max_rows));
        grid.values.assign(static_cast<std::size_t>(grid.columns) * static_cast<std::size_t>(grid.rows), 0.0F);
        grid.ramp.assign(theme_.density.begin(), theme_.density.end());
        for (const ErrorAt& at : errors) {
            const auto column = at.column * grid.columns / options_.columns;
            const auto row = at.query * grid.rows / options_.queries;
            float& value = grid.values.at(static_cast<std::size_t>(row * grid.columns + column));
            value = std::max(value, shade(at.error));
        }
        list_.add(std::move(grid));
        for (const auto& [from, to] : {std::pair{Point{plot_.x, plot_.y}, Point{plot_.right(), plot_.y}},
                                       {Point{plot_.x, plot_.bottom()}, Point{plot_.right(), plot_.bottom()}},
                                       {Point{plot_.x, plot_.y}, Point{plot_.x, plot_.bottom()}},
                                       {Point{plot_.right(), plot_.y}, Point{plot_.right(), plot_.bottom()}}}) {
            list_.add(Line{from, to, theme_.grid});
        }
    }

    void draw_axes() {
        constexpr int parts = 8;
        for (int i = 0; i <= parts; ++i) {
            const double y = plot_.y + plot_.height * i / parts;
            list_.add(Text{{plot_.x - 8, y + 4},
                           format_tokens(options_.queries * i / parts),
                           theme_.muted,
                           11,
                           Text::Anchor::end});
        }
        list_.add(Text{{margin + 6, plot_.y + plot_.height / 2},
                       "queries",
                       theme_.foreground,
                       12,
                       Text::Anchor::middle,
                       Text::Weight::normal,
                       -90});
        list_.add(
            Text{{plot_.x + plot_.width / 2, plot_.y - 28}, "heads", theme_.foreground, 12, Text::Anchor::middle});
        const std::int64_t step = std::max<std::int64_t>(1, (options_.columns + 15) / 16);
        for (std::int64_t head = 0; head < options_.columns; head += step) {
            const double x =
                plot_.x + plot_.width * (static_cast<double>(head) + 0.5) / static_cast<double>(options_.columns);
            list_.add(Text{{x, plot_.y - 8}, std::to_string(head), theme_.muted, 11, Text::Anchor::middle});
        }
    }

    void draw_legend() {
        const double x = plot_.right() + 32;
        list_.add(Text{{x, plot_.y + 10},
                       "Relative error of a row",
                       theme_.foreground,
                       12,
                       Text::Anchor::start,
                       Text::Weight::bold});
        const double bar_top = plot_.y + 28;
        constexpr double bar_height = 240;
        CellGrid bar;
        bar.area = {x, bar_top, 16, bar_height};
        bar.columns = 1;
        bar.rows = 120;
        for (std::int32_t row = 0; row < bar.rows; ++row) {
            bar.values.push_back(std::max(0.001F, 1.0F - static_cast<float>(row) / static_cast<float>(bar.rows - 1)));
        }
        bar.ramp.assign(theme_.density.begin(), theme_.density.end());
        list_.add(std::move(bar));
        const auto place = [&](double error) { return bar_top + bar_height * (1.0 - double{shade(error)}); };
        const double mark = place(options_.limit);
        for (int power = lowest; power <= highest; power += 2) {
            const double y = place(std::pow(10.0, power));
            if (std::abs(y - mark) > 12) {
                list_.add(Text{{x + 26, y + 4}, fmt::format("1e{}", power), theme_.muted, 11});
            }
        }
        list_.add(Line{{x - 4, mark}, {x + 20, mark}, theme_.foreground, 1.5});
        list_.add(Text{{x + 26, mark + 4}, fmt::format("limit {:.1g}", options_.limit), theme_.foreground, 11});
        list_.add(Text{{x, bar_top + bar_height + 24}, "empty: not compared", theme_.muted, 11});
    }

    const ErrorPictureOptions& options_;
    const Theme& theme_;
    DisplayList list_;
    Rect plot_;
};

}  // namespace

DisplayList draw_errors(const std::vector<ErrorAt>& errors, const ErrorPictureOptions& options) {
    for (const ErrorAt& at : errors) {
        if (at.column < 0 || at.column >= options.columns || at.query < 0 || at.query >= options.queries) {
            throw failed(fmt::format("a picture of errors: row {} of column {} lies outside", at.query, at.column));
        }
    }
    return Picture(options).draw(errors);
}

}  // namespace longscope
