// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/layout_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/units.h"
#include "engine/draw/line_chart.h"
#include "engine/draw/svg_writer.h"
#include "engine/draw/xml_text.h"
#include "storage/report_text.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

constexpr std::string_view style = R"(<style>
:root { color-scheme: light dark; --back: #ffffff; --front: #1b1f24; --muted: #5c6670; --line: #d5dae0; --head: #f6f7f9; --bad: #b23a00; }
body { background: var(--back); color: var(--front); font: 14px/1.45 "DejaVu Sans", sans-serif; margin: 24px; }
h2 { margin-top: 36px; overflow-wrap: anywhere; }
p, li { max-width: 110ch; }
table { border-collapse: collapse; font-size: 12.5px; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
th, td { padding: 3px 9px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { background: var(--head); font-weight: 600; vertical-align: bottom; }
th.text, td.text { text-align: left; }
td.bad { color: var(--bad); }
.muted { color: var(--muted); }
.charts { display: flex; flex-wrap: wrap; gap: 12px; margin: 12px 0; }
.dark { display: none; }
@media (prefers-color-scheme: dark) {
  :root { --back: #14171b; --front: #e9ecef; --muted: #9aa4ae; --line: #363d45; --head: #1c2026; --bad: #ff8f5a; }
  .light { display: none; }
  .dark { display: inline; }
}
</style>
)";

constexpr std::string_view explanation = R"(<h2>How to read the figures</h2>
<ul>
<li><b>Rates</b> are FLOP/s of one rank; FLOP are those of the unmasked pairs alone: 2 (D<sub>qk</sub> + D<sub>v</sub>) a pair and
head forward, 2 (3 D<sub>qk</sub> + 2 D<sub>v</sub>) backward.</li>
<li><b>By the mean</b>: over the sum of the ranks' own times, as LongCA-bench counts. A rank that is done does not count while
others go on, so imbalance hides. <b>By the slowest</b>: over the number of ranks times the time of the whole pass, as
MagiAttention counts; this is what a user waits for. The two do not compare with each other.</li>
<li><b>Median</b> is the time of a repetition with all its passes; over several draws the mean of their medians. Rates are of the
repetition whose time is the median, in the mean over the draws.</li>
<li><b>Exposed</b>: the share of the ranks' time in which communication stood in the way of computing. <b>Received</b> and
<b>memory</b>: of the rank that has most. <b>Imbalance</b>: computing time of the busiest rank over the mean.</li>
<li><b>Errors</b> are relative L2, against float64 on the same inputs, the largest of all checks.</li>
<li>A combination that a strategy cannot serve is <i>infeasible</i>, one that is not computed yet <i>unsupported</i>; neither is a
failure. A dash: not measured.</li>
</ul>
)";

std::string rate(double flops_per_s) {
    return std::isfinite(flops_per_s) ? format_flops_per_s(flops_per_s) : "-";
}

std::string error_text(double error) {
    return std::isnan(error) ? "-" : report_error(error);
}

std::string bytes_text(double bytes) {
    return std::isfinite(bytes) && std::abs(bytes) < 9e18 ? format_bytes(std::llround(bytes)) : "-";
}

struct Cell {
    std::string text;
    bool left = false;
};

std::string row_html(std::string_view tag, const std::vector<Cell>& cells) {
    std::string html = "<tr>";
    for (const Cell& cell : cells) {
        html += fmt::format("<{0}{1}>{2}</{0}>", tag, cell.left ? " class=\"text\"" : "", xml_escaped(cell.text));
    }
    return html + "</tr>\n";
}

std::string size_name(const LayoutFigures& run) {
    return fmt::format("{} on {}", format_tokens(run.tokens), run.ranks);
}

std::string table_html(const std::vector<const LayoutFigures*>& runs) {
    std::string html = "<div class=\"wide\"><table>\n";
    html += row_html("th", {{"strategy", true},
                            {"dispatch", true},
                            {"tokens"},
                            {"ranks"},
                            {"median"},
                            {"forward by the mean"},
                            {"forward by the slowest"},
                            {"backward by the mean"},
                            {"backward by the slowest"},
                            {"exposed"},
                            {"received"},
                            {"memory"},
                            {"imbalance"},
                            {"output error"},
                            {"dQ error"},
                            {"dK error"},
                            {"dV error"},
                            {"run"},
                            {"state", true}});
    for (const LayoutFigures* run : runs) {
        const bool why = run->state != RunState::done && !run->message.empty();
        html += row_html("td", {{run->strategy, true},
                                {run->dispatch, true},
                                {format_count(run->tokens)},
                                {format_count(run->ranks)},
                                {std::isnan(run->of.median_ns) ? "-" : report_duration(run->of.median_ns)},
                                {rate(run->forward.by_mean)},
                                {rate(run->forward.by_slowest)},
                                {rate(run->backward.by_mean)},
                                {rate(run->backward.by_slowest)},
                                {std::isnan(run->exposed_share) ? "-" : format_percent(run->exposed_share)},
                                {bytes_text(run->bytes_received)},
                                {run->peak_memory_bytes > 0 ? format_bytes(run->peak_memory_bytes) : "-"},
                                {std::isnan(run->imbalance) ? "-" : fmt::format("{:.3f}", run->imbalance)},
                                {error_text(run->of.output_relative_error)},
                                {error_text(run->of.query_gradient_error)},
                                {error_text(run->of.key_gradient_error)},
                                {error_text(run->of.value_gradient_error)},
                                {std::to_string(run->run)},
                                {fmt::format("{}{}", to_string(run->state), why ? ": " + run->message : ""), true}});
    }
    return html + "</table></div>\n";
}

std::string inline_svg(const DisplayList& list, std::string_view scheme) {
    const std::string svg = svg_of(list);
    return fmt::format("<span class=\"{}\">{}</span>\n", scheme, svg.substr(svg.find("<svg")));
}

// Both for light and for dark readers.
std::string chart_html(LineChart chart) {
    std::string html;
    for (const auto& [theme, scheme] : {std::pair{&light_theme(), "light"}, {&dark_theme(), "dark"}}) {
        chart.theme = *theme;
        html += inline_svg(draw_line_chart(chart), scheme);
    }
    return html;
}

// Sizes from left to right by tokens and ranks, a line for each strategy; of several runs of one case the last.
std::string charts_html(const std::vector<const LayoutFigures*>& runs) {
    std::set<std::pair<std::int64_t, std::int64_t>> sizes;
    std::vector<std::string> strategies;
    for (const LayoutFigures* run : runs) {
        sizes.emplace(run->tokens, run->ranks);
        const std::string name = run->strategy + ", " + run->dispatch;
        if (std::find(strategies.begin(), strategies.end(), name) == strategies.end()) {
            strategies.push_back(name);
        }
    }
    const auto chart = [&](std::string_view title, double (*value)(const LayoutFigures&),
                           std::string (*format)(double)) {
        LineChart made;
        made.title = title;
        made.format = format;
        for (const std::string& name : strategies) {
            made.series.push_back({name, std::vector<double>(sizes.size(), std::nan(""))});
        }
        std::size_t place = 0;
        for (const auto& [tokens, ranks] : sizes) {
            made.cases.push_back(fmt::format("{} on {}", format_tokens(tokens), ranks));
            for (const LayoutFigures* run : runs) {
                if (run->tokens == tokens && run->ranks == ranks) {
                    const auto at =
                        std::find(strategies.begin(), strategies.end(), run->strategy + ", " + run->dispatch);
                    made.series[static_cast<std::size_t>(at - strategies.begin())].values[place] = value(*run);
                }
            }
            ++place;
        }
        return chart_html(std::move(made));
    };
    return "<div class=\"charts\">\n" +
           chart(
               "forward, FLOP/s of a rank by the slowest",
               [](const LayoutFigures& run) { return run.forward.by_slowest; }, format_flops_per_s) +
           chart(
               "backward, FLOP/s of a rank by the slowest",
               [](const LayoutFigures& run) { return run.backward.by_slowest; }, format_flops_per_s) +
           chart(
               "exposed communication, share of the time", [](const LayoutFigures& run) { return run.exposed_share; },
               format_percent) +
           "</div>\n";
}

// The masks in the order in which they come first.
std::vector<std::pair<std::string, std::vector<const LayoutFigures*>>> by_mask(const std::vector<LayoutFigures>& runs) {
    std::vector<std::pair<std::string, std::vector<const LayoutFigures*>>> masks;
    for (const LayoutFigures& run : runs) {
        auto found = std::find_if(masks.begin(), masks.end(), [&](const auto& mask) { return mask.first == run.mask; });
        if (found == masks.end()) {
            found = masks.insert(masks.end(), {run.mask, {}});
        }
        found->second.push_back(&run);
    }
    return masks;
}

std::string best_html(const std::vector<std::pair<std::string, std::vector<const LayoutFigures*>>>& masks) {
    std::string html =
        "<h2>The fastest of each mask</h2>\n<p>By the median of a repetition, among the runs that are done; "
        "only those with the same passes compare.</p>\n<div class=\"wide\"><table>\n";
    html += row_html("th", {{"mask", true}, {"size", true}, {"strategy", true}, {"median"}, {"passes", true}});
    for (const auto& [mask, runs] : masks) {
        std::set<std::tuple<std::int64_t, std::int64_t, bool>> sizes;
        for (const LayoutFigures* run : runs) {
            sizes.emplace(run->tokens, run->ranks, std::isfinite(run->backward.by_slowest));
        }
        for (const auto& [tokens, ranks, backward] : sizes) {
            const LayoutFigures* best = nullptr;
            for (const LayoutFigures* run : runs) {
                if (run->tokens == tokens && run->ranks == ranks && run->state == RunState::done &&
                    std::isfinite(run->backward.by_slowest) == backward && std::isfinite(run->of.median_ns) &&
                    (best == nullptr || run->of.median_ns < best->of.median_ns)) {
                    best = run;
                }
            }
            if (best != nullptr) {
                html += row_html("td", {{mask, true},
                                        {size_name(*best), true},
                                        {best->strategy + ", " + best->dispatch, true},
                                        {report_duration(best->of.median_ns)},
                                        {backward ? "forward and backward" : "forward", true}});
            }
        }
    }
    return html + "</table></div>\n";
}

}  // namespace

std::string layout_report_html(const std::string& title, const std::vector<std::string>& facts,
                               const std::vector<LayoutFigures>& runs) {
    std::string html = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\">\n<title>{0}</title>\n{1}</head>\n<body>\n<h1>{0}</h1>\n",
        xml_escaped(title), style);
    for (const std::string& fact : facts) {
        html += fmt::format("<p class=\"muted\">{}</p>\n", xml_escaped(fact));
    }
    const auto masks = by_mask(runs);
    html += best_html(masks);
    html += explanation;
    for (const auto& [mask, of_mask] : masks) {
        html += fmt::format("<h2>{}</h2>\n", mask.empty() ? "(no mask is stored)" : xml_escaped(mask));
        html += charts_html(of_mask);
        html += table_html(of_mask);
    }
    return html + "</body>\n</html>\n";
}

std::string layout_report_of(Database& database, const std::vector<std::int64_t>& runs) {
    std::vector<LayoutFigures> figures;
    std::vector<std::string> facts;
    std::string title;
    for (const std::int64_t id : runs) {
        const StoredRun run = read_run(database, id);
        figures.push_back(layout_figures(database, run));
        title = title.empty() || title == run.record.experiment_name ? run.record.experiment_name : "Runs compared";
        std::vector<std::string> where;
        const Json environment = parse_json(run.record.environment, fmt::format("environment of run {}", id));
        for (const char* name : {"processor", "memory_bytes", "operating_system", "mpi", "revision"}) {
            if (environment.is_object() && environment.contains(name)) {
                where.push_back(fmt::format("{}: {}", name, report_value(environment.at(name))));
            }
        }
        std::string fact = fmt::format("Host {}; {}", run.record.host, fmt::join(where, ", "));
        if (std::find(facts.begin(), facts.end(), fact) == facts.end()) {
            facts.push_back(std::move(fact));
        }
    }
    facts.insert(facts.begin(), fmt::format("{} runs.", figures.size()));
    return layout_report_html(title, facts, figures);
}

}  // namespace longscope
