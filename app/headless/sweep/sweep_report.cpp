// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/sweep/sweep_report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/headless/sweep/sweep_file.h"
#include "app/headless/text_table.h"
#include "engine/base/units.h"
#include "storage/report_text.h"
#include "storage/run_json.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

constexpr std::size_t max_cell = 48;

std::string cell(const Json& value) {
    const std::string text = value_text(value);
    return text.size() <= max_cell ? text : text.substr(0, max_cell - 3) + "...";
}

std::vector<Column> field_columns(const std::vector<SweepPoint>& points) {
    std::vector<Column> columns;
    if (!points.empty()) {
        for (const FieldOverride& change : points.front().names) {
            columns.push_back({change.field, change.value.is_number() ? Align::right : Align::left});
        }
    }
    return columns;
}

std::vector<std::string> field_cells(const SweepPoint& point) {
    std::vector<std::string> cells;
    for (const FieldOverride& change : point.names) {
        cells.push_back(cell(change.value));
    }
    return cells;
}

}  // namespace

std::string figures_text(const RunFigures& figures) {
    if (std::isnan(figures.median_ns)) {
        return {};
    }
    std::string text = "median " + report_duration(figures.median_ns);
    if (std::isfinite(figures.flops_per_s)) {
        text += ", " + format_flops_per_s(figures.flops_per_s);
    }
    return text;
}

std::string sweep_table(const std::vector<SweepPoint>& points, Database& database) {
    std::vector<Column> columns = field_columns(points);
    std::vector<std::optional<StoredRun>> runs;
    bool gradients = false;
    for (const SweepPoint& point : points) {
        runs.push_back(point.run ? std::optional(read_run(database, *point.run)) : std::nullopt);
        gradients = gradients || (runs.back() && !std::isnan(figures_of(*runs.back()).gradient_error()));
    }
    columns.insert(columns.end(), {{"median"}, {"rate"}, {"error"}});
    if (gradients) {
        columns.push_back({"gradients"});
    }
    columns.insert(columns.end(), {{"run"}, {"state", Align::left}});
    const std::size_t width = columns.size();
    TextTable table(std::move(columns));
    for (std::size_t i = 0; i < points.size(); ++i) {
        const SweepPoint& point = points[i];
        std::vector<std::string> cells = field_cells(point);
        if (!point.run) {
            cells.resize(width - 1, "-");
            cells.emplace_back("not run");
        } else {
            const RunFigures figures = figures_of(*runs[i]);
            cells.push_back(std::isnan(figures.median_ns) ? "-" : report_duration(figures.median_ns));
            cells.push_back(std::isfinite(figures.flops_per_s) ? format_flops_per_s(figures.flops_per_s) : "-");
            cells.push_back(std::isnan(figures.output_relative_error) ? "-"
                                                                      : report_error(figures.output_relative_error));
            if (gradients) {
                cells.push_back(std::isnan(figures.gradient_error()) ? "-" : report_error(figures.gradient_error()));
            }
            cells.push_back(std::to_string(*point.run));
            cells.push_back(fmt::format("{}{}", to_string(point.state), point.done_before ? " before" : ""));
        }
        table.add_row(std::move(cells));
    }
    return table.text();
}

Json sweep_json(const std::vector<SweepPoint>& points, Database& database) {
    Json json = Json::array();
    for (const SweepPoint& point : points) {
        Json entry{{"fields", names_json(point.names)}, {"run", nullptr}, {"state", nullptr}};
        if (point.run) {
            const StoredRun run = read_run(database, *point.run);
            const RunFigures figures = figures_of(run);
            entry["run"] = *point.run;
            entry["state"] = to_string(point.state);
            entry["message"] = point.message;
            entry["done_before"] = point.done_before;
            entry["median_ns"] = number_to_json(figures.median_ns);
            entry["flops_per_s"] = number_to_json(figures.flops_per_s);
            entry["output_relative_error"] = number_to_json(figures.output_relative_error);
            entry["query_gradient_error"] = number_to_json(figures.query_gradient_error);
            entry["key_gradient_error"] = number_to_json(figures.key_gradient_error);
            entry["value_gradient_error"] = number_to_json(figures.value_gradient_error);
        }
        json.push_back(std::move(entry));
    }
    return json;
}

std::string sweep_plan_table(const std::vector<SweepPoint>& points) {
    std::vector<Column> columns{{"number"}};
    for (const Column& column : field_columns(points)) {
        columns.push_back(column);
    }
    columns.push_back({"what happens", Align::left});
    TextTable table(std::move(columns));
    for (std::size_t i = 0; i < points.size(); ++i) {
        std::vector<std::string> cells{std::to_string(i + 1)};
        for (std::string& text : field_cells(points[i])) {
            cells.push_back(std::move(text));
        }
        cells.push_back(points[i].run ? fmt::format("skipped: run {} is {}", *points[i].run, to_string(points[i].state))
                                      : "is run");
        table.add_row(std::move(cells));
    }
    return table.text();
}

}  // namespace longscope
