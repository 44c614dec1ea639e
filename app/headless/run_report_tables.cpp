// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "app/headless/run_report_parts.h"
#include "app/headless/text_table.h"
#include "engine/base/units.h"
#include "profiler/statistics.h"
#include "storage/run_statistics.h"

namespace longscope {

namespace {

// With more rows than this in all, only the slowest draw's ranks are listed.
constexpr std::size_t max_rank_rows = 48;

std::string bytes_text(double bytes) {
    return std::abs(bytes) < 9e18 ? format_bytes(std::llround(bytes)) : "-";
}

std::string rate_text(double rate) {
    return std::isfinite(rate) ? format_flops_per_s(rate) : "-";
}

std::string share_text(double part_ns, double total_ns) {
    return format_percent(total_ns > 0 ? part_ns / total_ns : 0);
}

const StoredDraw& slowest(const std::vector<StoredDraw>& draws) {
    const auto median_ns = [](const StoredDraw& draw) {
        const Summary summary = summarize(measured_durations_ns(draw));
        return summary.count == 0 ? -1.0 : summary.median;
    };
    return *std::max_element(draws.begin(), draws.end(),
                             [&](const StoredDraw& a, const StoredDraw& b) { return median_ns(a) < median_ns(b); });
}

std::string rank_table(const StoredDraw& draw, std::string_view which) {
    const std::vector<RankMeans> ranks = rank_means(draw);
    if (ranks.empty()) {
        return {};
    }
    // Shares, so that the table fits a terminal; `db show --json` and `db export` have the times.
    std::vector<Column> columns{{"rank"},    {"tokens"}, {"pairs"},    {"computing"}, {"exposed"},
                                {"waiting"}, {"other"},  {"received"}, {"memory"}};
    const bool cut = std::any_of(ranks.begin(), ranks.end(), [](const RankMeans& r) { return r.dropped_events > 0; });
    if (cut) {
        columns.push_back({"dropped"});
    }
    TextTable table(std::move(columns));
    double busiest_ns = 0;
    double sum_ns = 0;
    for (const RankMeans& r : ranks) {
        const double total_ns = r.total_ns();
        busiest_ns = std::max(busiest_ns, r.computing_ns);
        sum_ns += r.computing_ns;
        std::vector<std::string> row{std::to_string(r.rank),
                                     format_count(r.tokens),
                                     format_short_count(static_cast<double>(r.pairs)),
                                     share_text(r.computing_ns, total_ns),
                                     share_text(r.exposed_communication_ns, total_ns),
                                     share_text(r.waiting_ns, total_ns),
                                     share_text(r.other_ns, total_ns),
                                     bytes_text(r.bytes_received),
                                     format_bytes(r.peak_memory_bytes)};
        if (cut) {
            row.push_back(format_count(r.dropped_events));
        }
        table.add_row(std::move(row));
    }
    std::string text =
        fmt::format("\nRanks of draw {}{}: shares of the time (exposed: communication that nothing hides)",
                    draw.record.index, which);
    if (sum_ns > 0) {
        text += fmt::format("\nthe busiest rank computes {:.3f} times the mean",
                            busiest_ns * static_cast<double>(ranks.size()) / sum_ns);
    }
    if (cut) {
        text += "\ndropped: events that the timeline of a repetition lacks (run --max-events)";
    }
    return text + '\n' + table.text(2);
}

std::string pass_table(const StoredRun& run) {
    TextTable table({{"draw"}, {"forward"}, {"backward"}, {"backward / forward"}});
    bool any = false;
    for (const StoredDraw& draw : run.draws) {
        if (const std::optional<PassMedians> passes = pass_medians(draw)) {
            any = true;
            table.add_row(
                {std::to_string(draw.record.index), report_duration(passes->forward_ns),
                 report_duration(passes->backward_ns),
                 passes->forward_ns > 0 ? fmt::format("{:.2f}", passes->backward_ns / passes->forward_ns) : "-"});
        }
    }
    return any ? "\nEach pass for itself: medians of the measured repetitions\n" + table.text(2) : "";
}

// Of sinks only where a run has some.
std::string gradient_table(const StoredRun& run) {
    bool any = false;
    bool sinks = false;
    for (const StoredDraw& draw : run.draws) {
        for (const CheckRecord& check : draw.checks) {
            any = any || check.has_gradients();
            sinks = sinks || check.sink_gradient_error;
        }
    }
    std::vector<Column> columns{{"draw"}, {"dQ error"}, {"dK error"}, {"dV error"}, {"limit"}};
    if (sinks) {
        columns.insert(columns.end() - 1, {"sinks error"});
    }
    TextTable table(columns);
    for (const StoredDraw& draw : run.draws) {
        for (const CheckRecord& check : draw.checks) {
            if (!check.has_gradients()) {
                continue;
            }
            std::vector<std::string> cells{std::to_string(draw.record.index), report_error(check.query_gradient_error),
                                           report_error(check.key_gradient_error),
                                           report_error(check.value_gradient_error)};
            if (sinks) {
                cells.push_back(check.sink_gradient_error ? report_error(*check.sink_gradient_error) : "-");
            }
            cells.push_back(report_error(check.gradient_limit));
            table.add_row(cells);
        }
    }
    return any ? "\nGradients against the reference (relative L2)\n" + table.text(2) : "";
}

}  // namespace

std::string time_section(const StoredRun& run) {
    if (run.draws.empty()) {
        return {};
    }
    TextTable table({{"draw"},
                     {"docs"},
                     {"tokens"},
                     {"pairs"},
                     {"reps"},
                     {"min"},
                     {"25 %"},
                     {"median"},
                     {"75 %"},
                     {"max"},
                     {"rate"}});
    for (const StoredDraw& draw : run.draws) {
        const DrawRecord& d = draw.record;
        std::vector<std::string> row{std::to_string(d.index), format_count(d.documents), format_count(d.tokens),
                                     format_short_count(static_cast<double>(d.pairs))};
        const Summary summary = summarize(measured_durations_ns(draw));
        if (summary.count == 0) {
            row.insert(row.end(), {"0", "-", "-", "-", "-", "-", "-"});
        } else {
            row.insert(row.end(), {format_count(summary.count), report_duration(summary.min),
                                   report_duration(summary.first_quartile), report_duration(summary.median),
                                   report_duration(summary.third_quartile), report_duration(summary.max),
                                   rate_text(flops_per_s(draw, summary.median))});
        }
        table.add_row(std::move(row));
    }
    return "\nTime of the measured repetitions (warm-up excluded); rate = FLOP / median\n" + table.text(2) +
           pass_table(run);
}

std::string check_section(const StoredRun& run) {
    TextTable table(
        {{"draw"}, {"rows"}, {"output error"}, {"limit"}, {"lse error"}, {"limit"}, {"verdict", Align::left}});
    bool any = false;
    for (const StoredDraw& draw : run.draws) {
        for (const CheckRecord& check : draw.checks) {
            any = true;
            table.add_row({std::to_string(draw.record.index), format_count(check.rows),
                           report_error(check.output_relative_error), report_error(check.output_limit),
                           report_error(check.lse_absolute_error), report_error(check.lse_limit),
                           check.passed ? "passed" : "NOT EXACT"});
        }
    }
    return any ? "\nError against the reference (output: relative L2, lse: absolute)\n" + table.text(2) +
                     gradient_table(run)
               : "";
}

std::string rank_section(const StoredRun& run) {
    if (run.draws.empty()) {
        return {};
    }
    std::size_t rows = 0;
    for (const StoredDraw& draw : run.draws) {
        rows += rank_means(draw).size();
    }
    if (rows > max_rank_rows && run.draws.size() > 1) {
        return rank_table(slowest(run.draws), fmt::format(", the slowest of {}", run.draws.size()));
    }
    std::string text;
    for (const StoredDraw& draw : run.draws) {
        text += rank_table(draw, "");
    }
    return text;
}

}  // namespace longscope
