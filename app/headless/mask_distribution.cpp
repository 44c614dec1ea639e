// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

#include "app/headless/mask_report_text.h"
#include "app/headless/text_table.h"
#include "engine/base/units.h"
#include "profiler/statistics.h"

namespace longscope {

namespace {

struct Distribution {
    std::string name;
    double min;
    double median;
    double ninety;
    double max;
};

std::vector<Distribution> distributions(const std::vector<Figures>& masks) {
    std::vector<std::vector<double>> values(masks.front().size());
    for (const Figures& mask : masks) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i].push_back(mask[i].second);
        }
    }
    std::vector<Distribution> found;
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::sort(values[i].begin(), values[i].end());
        found.push_back({masks.front()[i].first, values[i].front(), quantile_of_sorted(values[i], 0.5),
                         quantile_of_sorted(values[i], 0.9), values[i].back()});
    }
    return found;
}

std::string number_text(double value) {
    return std::isfinite(value) && value == std::floor(value) ? format_count(static_cast<std::int64_t>(value))
                                                              : fmt::format("{:.4g}", value);
}

}  // namespace

std::string distribution_text(const std::vector<Figures>& masks) {
    TextTable table({{fmt::format("of {} draws", masks.size()), Align::left}, {"min"}, {"median"}, {"90 %"}, {"max"}});
    for (const Distribution& figure : distributions(masks)) {
        table.add_row({figure.name, number_text(figure.min), number_text(figure.median), number_text(figure.ninety),
                       number_text(figure.max)});
    }
    return table.text();
}

Json distribution_json(const std::vector<Figures>& masks) {
    Json all = Json::object();
    for (const Distribution& figure : distributions(masks)) {
        all[figure.name] = {
            {"min", figure.min}, {"median", figure.median}, {"p90", figure.ninety}, {"max", figure.max}};
    }
    return all;
}

}  // namespace longscope
