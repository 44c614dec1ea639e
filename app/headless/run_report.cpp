// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <optional>

#include "app/headless/run_report_parts.h"
#include "app/headless/text_table.h"
#include "engine/base/error.h"
#include "engine/base/units.h"
#include "profiler/statistics.h"
#include "storage/run_statistics.h"

namespace longscope {

namespace {

// Of "2026-01-31T23:59:59.123Z".
std::optional<std::int64_t> utc_milliseconds(const std::string& text) {
    std::tm time{};
    int milliseconds = 0;
    if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &time.tm_year, &time.tm_mon, &time.tm_mday,
                    &time.tm_hour, &time.tm_min, &time.tm_sec, &milliseconds) != 7) {
        return std::nullopt;
    }
    time.tm_year -= 1900;
    time.tm_mon -= 1;
    return std::int64_t{timegm(&time)} * 1000 + milliseconds;
}

std::string when_text(const RunRecord& run) {
    const auto started = utc_milliseconds(run.started_utc);
    const auto ended = utc_milliseconds(run.ended_utc);
    constexpr std::int64_t century_ms = std::int64_t{100} * 366 * 24 * 3600 * 1000;
    if (!started || !ended || std::abs(*ended - *started) > century_ms) {
        return run.started_utc;
    }
    return fmt::format("{}, took {}", run.started_utc, format_duration((*ended - *started) * 1'000'000));
}

// The times and the rate of all draws in one line.
std::string speed_text(const StoredRun& run) {
    std::vector<double> medians_ns;
    double flops = 0;
    for (const StoredDraw& draw : run.draws) {
        const Summary summary = summarize(measured_durations_ns(draw));
        if (summary.count > 0) {
            medians_ns.push_back(summary.median);
            flops += draw.record.flops;
        }
    }
    if (medians_ns.empty()) {
        return "nothing measured";
    }
    const Summary over_draws = summarize(medians_ns);
    double sum_ns = 0;
    for (const double median_ns : medians_ns) {
        sum_ns += median_ns;
    }
    const std::string shortest = report_duration(over_draws.min);
    const std::string longest = report_duration(over_draws.max);
    std::string text = over_draws.count == 1
                           ? fmt::format("median {}", longest)
                           : fmt::format("{} draws, medians {} to {}", over_draws.count, shortest, longest);
    if (sum_ns > 0) {
        text += ", " + format_flops_per_s(flops * 1e9 / sum_ns);
    }
    return text;
}

std::string exactness_text(const StoredRun& run) {
    std::size_t checks = 0;
    std::size_t passed = 0;
    double worst = 0;
    double worst_gradient = 0;
    bool gradients = false;
    for (const StoredDraw& draw : run.draws) {
        for (const CheckRecord& check : draw.checks) {
            ++checks;
            passed += check.passed ? 1 : 0;
            // NaN is the worst of all, and stays.
            worst = std::isnan(worst) || check.output_relative_error <= worst ? worst : check.output_relative_error;
            if (check.has_gradients()) {
                gradients = true;
                const double error = largest_gradient_error(check);
                worst_gradient = std::isnan(worst_gradient) || error <= worst_gradient ? worst_gradient : error;
            }
        }
    }
    if (checks == 0) {
        return "not checked against the reference";
    }
    return fmt::format("{} of {} checks passed, largest output error {}{}", passed, checks, report_error(worst),
                       gradients ? ", gradient error " + report_error(worst_gradient) : "");
}

std::string head_section(const StoredRun& run) {
    const RunRecord& r = run.record;
    std::string text = printable(fmt::format("Run {}: {}, {}", run.id, r.experiment_name, to_string(r.state))) + '\n';
    if (!r.message.empty()) {
        text += report_line(r.state == RunState::done ? "note" : "reason", r.message);
    }
    if (!run.draws.empty()) {
        text += report_line("result", speed_text(run));
        text += report_line("exactness", exactness_text(run));
    }
    text += report_line(
        "ran on", fmt::format("{} rank{}, backend {}, host {}", r.ranks, r.ranks == 1 ? "" : "s", r.backend, r.host));
    text += report_line("started", when_text(r));
    text += report_line("command", r.command_line);
    text += report_line("run folder", r.run_folder);
    if (!run.tags.empty()) {
        text += report_line("tags", fmt::format("{}", fmt::join(run.tags, ", ")));
    }
    if (!run.note.empty()) {
        text += report_line("note", run.note);
    }
    return text + report_line("uuid", r.uuid);
}

// Sizes are read more easily in their unit than as many digits.
std::string member_line(const std::string& name, const Json& value) {
    constexpr std::string_view bytes = "_bytes";
    if (name.size() > bytes.size() && name.ends_with(bytes) && value.is_number_integer()) {
        return report_line(name.substr(0, name.size() - bytes.size()), format_bytes(value.get<std::int64_t>()));
    }
    return report_line(name, report_value(value));
}

// The members of a stored JSON object, one a line. The document may come from a file that others made.
std::string document_section(std::string_view title, const std::string& document) {
    std::string lines;
    try {
        const Json json = parse_json(document, title);
        if (json.is_object()) {
            for (const auto& member : json.items()) {
                lines += member_line(member.key(), member.value());
            }
        }
    } catch (const Error& error) {
        lines = report_line("unreadable", error.what());
    }
    return lines.empty() ? lines : fmt::format("\n{}\n{}", title, lines);
}

std::string file_section(const StoredRun& run) {
    std::string text;
    for (const ArtifactRecord& artifact : run.artifacts) {
        text += report_line(artifact.kind, artifact.path);
    }
    return text.empty() ? text : "\nFiles\n" + text;
}

}  // namespace

std::string report_line(std::string_view label, std::string_view value) {
    return value.empty() ? std::string() : fmt::format("  {:<17} {}\n", printable(label), printable(value));
}

std::string run_report(const StoredRun& run) {
    return head_section(run) + time_section(run) + check_section(run) + rank_section(run) +
           document_section("Experiment", run.record.experiment) +
           document_section("Environment", run.record.environment) + file_section(run);
}

}  // namespace longscope
