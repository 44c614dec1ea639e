// SPDX-License-Identifier: GPL-3.0-or-later
// Curves over cases that stand in an order, such as numbers of ranks: one line for each of a few things compared.
#pragma once

#include <string>
#include <vector>

#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"

namespace longscope {

struct ChartSeries {
    std::string name;
    std::vector<double> values;  // one for each case; NaN: none, and the line has a gap
};

struct LineChart {
    std::string title;
    std::vector<std::string> cases;  // from left to right
    std::vector<ChartSeries> series;
    std::string (*format)(double value) = nullptr;  // of the labels of the axis, which begins at 0
    Theme theme = light_theme();
    double width = 460;
    double height = 240;
};

[[nodiscard]] DisplayList draw_line_chart(const LineChart& chart);

}  // namespace longscope
