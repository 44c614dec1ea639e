// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/line_chart.h"

#include <algorithm>
#include <cmath>

namespace longscope {

namespace {

constexpr double margin = 12;
constexpr double title_height = 24;
constexpr double axis_width = 84;
constexpr double axis_height = 26;
constexpr double legend_line = 16;
constexpr double text_size = 11;
constexpr double marker = 5;

// The least of 1, 2 and 5 times a power of ten that is at least `value`.
double round_step(double value) {
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= value) {
            return factor * power;
        }
    }
    return 10 * power;
}

class ChartPicture {
  public:
    explicit ChartPicture(const LineChart& chart) : chart_(chart), theme_(chart.theme) {
        list_.background = theme_.background;
        list_.title = chart.title;
        list_.width = chart.width;
        rows_ = legend_rows();
        list_.height = chart.height + static_cast<double>(rows_) * legend_line;
        plot_ = {axis_width, margin + title_height, chart.width - axis_width - 2 * margin,
                 chart.height - 2 * margin - title_height - axis_height};
        for (const ChartSeries& series : chart_.series) {
            for (const double value : series.values) {
                largest_ = std::isfinite(value) ? std::max(largest_, value) : largest_;
            }
        }
    }

    DisplayList draw() {
        list_.add(Text{{margin, margin + 10},
                       fitted_text(chart_.title, text_size + 1, list_.width - 2 * margin, Text::Weight::bold),
                       theme_.foreground,
                       text_size + 1,
                       Text::Anchor::start,
                       Text::Weight::bold});
        if (largest_ <= 0 || chart_.cases.empty()) {
            list_.add(Text{{plot_.x, plot_.y + plot_.height / 2}, "nothing measured", theme_.muted, text_size});
            return std::move(list_);
        }
        draw_axes();
        for (std::size_t i = 0; i < chart_.series.size(); ++i) {
            draw_series(chart_.series[i], colour_of(i));
        }
        draw_legend();
        return std::move(list_);
    }

  private:
    [[nodiscard]] Colour colour_of(std::size_t series) const {
        return theme_.rank(static_cast<std::int64_t>(series), static_cast<std::int64_t>(chart_.series.size()));
    }
    [[nodiscard]] double x_of(std::size_t place) const {
        const auto count = static_cast<double>(chart_.cases.size());
        return plot_.x + (static_cast<double>(place) + 0.5) / count * plot_.width;
    }
    [[nodiscard]] double y_of(double value) const { return plot_.bottom() - value / top_ * plot_.height; }

    void draw_axes() {
        const double step = round_step(largest_ / 4);
        top_ = std::ceil(largest_ / step) * step;
        for (int i = 0; i * step <= top_ * 1.0001; ++i) {
            const double y = std::round(y_of(i * step));
            list_.add(Line{{plot_.x, y}, {plot_.right(), y}, theme_.grid});
            list_.add(
                Text{{plot_.x - 6, y + 4}, chart_.format(i * step), theme_.muted, text_size - 1, Text::Anchor::end});
        }
        const double room = plot_.width / static_cast<double>(chart_.cases.size()) - 4;
        for (std::size_t i = 0; i < chart_.cases.size(); ++i) {
            list_.add(Text{{x_of(i), plot_.bottom() + 16},
                           fitted_text(chart_.cases[i], text_size - 1, room),
                           theme_.muted,
                           text_size - 1,
                           Text::Anchor::middle});
        }
    }

    void draw_series(const ChartSeries& series, Colour colour) {
        std::vector<Point> line;
        const auto end_line = [&] {
            if (line.size() > 1) {
                list_.add(Polyline{line, colour, 1.6, false});
            }
            line.clear();
        };
        for (std::size_t i = 0; i < series.values.size() && i < chart_.cases.size(); ++i) {
            if (!std::isfinite(series.values[i])) {
                end_line();
                continue;
            }
            const Point at{x_of(i), y_of(series.values[i])};
            line.push_back(at);
            list_.add(FilledRect{{at.x - marker / 2, at.y - marker / 2, marker, marker}, colour});
        }
        end_line();
    }

    [[nodiscard]] static double legend_width(const ChartSeries& series) {
        return 18 + estimated_text_width(series.name, text_size) + 16;
    }
    [[nodiscard]] std::size_t legend_rows() const {
        std::size_t rows = 1;
        double x = margin;
        for (const ChartSeries& series : chart_.series) {
            if (x > margin && x + legend_width(series) > chart_.width - margin) {
                ++rows;
                x = margin;
            }
            x += legend_width(series);
        }
        return rows;
    }

    void draw_legend() {
        double x = margin;
        double y = list_.height - margin - static_cast<double>(rows_ - 1) * legend_line;
        for (std::size_t i = 0; i < chart_.series.size(); ++i) {
            const ChartSeries& series = chart_.series[i];
            if (x > margin && x + legend_width(series) > list_.width - margin) {
                x = margin;
                y += legend_line;
            }
            list_.add(FilledRect{{x, y - 9, 10, 10}, colour_of(i)});
            list_.add(Text{
                {x + 16, y}, fitted_text(series.name, text_size, list_.width - 2 * margin), theme_.muted, text_size});
            x += legend_width(series);
        }
    }

    const LineChart& chart_;
    const Theme& theme_;
    DisplayList list_;
    Rect plot_;
    std::size_t rows_ = 1;
    double largest_ = 0;
    double top_ = 1;
};

}  // namespace

DisplayList draw_line_chart(const LineChart& chart) {
    return ChartPicture(chart).draw();
}

}  // namespace longscope
