// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine compare: two stored runs beside each other, for people and for a user's own continuous integration.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

#include "app/headless/command_line.h"
#include "app/headless/fail_condition.h"
#include "app/headless/output.h"
#include "app/headless/text_table.h"
#include "app/headless/verbs/db.h"
#include "engine/base/error.h"
#include "engine/base/json.h"
#include "storage/run_comparison.h"
#include "storage/run_list.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

struct CompareOptions {
    std::string a;
    std::string b;
    std::string file;
    std::vector<std::string> fail_if;
    bool json = false;
};

// "RUN" of the database, or "FILE.db:RUN".
StoredRun read_side(const std::string& text, const std::string& file) {
    const std::size_t colon = text.rfind(':');
    const bool names_file = colon != std::string::npos;
    const auto database = open_to_read(names_file ? text.substr(0, colon) : file);
    return read_run(*database, resolve_run(*database, names_file ? text.substr(colon + 1) : text));
}

std::string side_text(const char* name, const StoredRun& run) {
    return fmt::format("{}: run {}, {}, {} ({})\n", name, run.id, run.record.experiment_name,
                       to_string(run.record.state), run.record.uuid.substr(0, 8));
}

std::string known(const Metric& metric, double value) {
    return std::isnan(value) ? "-" : metric.format(value);
}

std::string ratio_text(double value) {
    return std::isfinite(value) ? fmt::format("{:.3f}x", value) : "-";
}

Json number(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

std::string report(const StoredRun& a, const StoredRun& b, const std::vector<Difference>& different) {
    std::string text = side_text("A", a) + side_text("B", b) + "\n";
    if (different.empty()) {
        text += "Configured alike.\n";
    } else {
        TextTable table({{"differs", Align::left}, {"A", Align::left}, {"B", Align::left}});
        constexpr std::size_t longest = 60;
        const auto shortened = [](const std::string& value) {
            return value.size() <= longest ? value : value.substr(0, longest - 3) + "...";
        };
        for (const Difference& difference : different) {
            table.add_row({difference.path, shortened(difference.a), shortened(difference.b)});
        }
        text += table.text();
    }
    TextTable table({{"metric", Align::left}, {"A"}, {"B"}, {"B / A"}, {"spread"}});
    for (const Metric& metric : metrics()) {
        const Figure left = metric.of(a);
        const Figure right = metric.of(b);
        const Figure relation = ratio(left, right);
        const bool spread = relation.low != relation.high && std::isfinite(relation.low);
        table.add_row({std::string(metric.name), known(metric, left.middle), known(metric, right.middle),
                       ratio_text(relation.middle),
                       spread ? fmt::format("{:.3f} to {:.3f}", relation.low, relation.high) : ""});
    }
    return text + "\n" + table.text() + "spread: from the first quartile of B over the third of A to the reverse\n";
}

Json report_json(const StoredRun& a, const StoredRun& b, const std::vector<Difference>& different) {
    Json json{{"a", a.record.uuid}, {"b", b.record.uuid}, {"differences", Json::array()}, {"metrics", Json::object()}};
    for (const Difference& difference : different) {
        json["differences"].push_back(
            {{"path", difference.path}, {"a", parse_json(difference.a, "a")}, {"b", parse_json(difference.b, "b")}});
    }
    for (const Metric& metric : metrics()) {
        const Figure left = metric.of(a);
        const Figure right = metric.of(b);
        const Figure relation = ratio(left, right);
        json["metrics"][std::string(metric.name)] = {{"a", number(left.middle)},
                                                     {"b", number(right.middle)},
                                                     {"ratio", number(relation.middle)},
                                                     {"ratio_low", number(relation.low)},
                                                     {"ratio_high", number(relation.high)}};
    }
    return json;
}

int compare(const CompareOptions& options) {
    std::vector<FailCondition> conditions;
    for (const std::string& text : options.fail_if) {
        conditions.emplace_back(text);
    }
    const StoredRun a = read_side(options.a, options.file);
    const StoredRun b = read_side(options.b, options.file);
    const std::vector<Difference> different = differences(configuration(a), configuration(b));
    write_output(options.json ? report_json(a, b, different).dump(1) + '\n' : report(a, b, different));
    int code = exit_done;
    for (const FailCondition& condition : conditions) {
        if (condition.holds(condition.metric().of(a), condition.metric().of(b))) {
            write_error(fmt::format("longscope-engine: '{}' holds\n", condition.text()));
            code = exit_failed;
        }
    }
    return code;
}

}  // namespace

void declare_compare(CLI::App& verb, VerbAction& action) {
    const auto options = std::make_shared<CompareOptions>();
    const char* side = "A run's number, its uuid or the beginning of it, or last; or FILE:RUN of another database";
    verb.add_option("A", options->a, side)->required()->type_name("RUN");
    verb.add_option("B", options->b, side)->required()->type_name("RUN");
    add_database_option(verb, options->file);
    std::string names;
    for (const Metric& metric : metrics()) {
        names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", metric.name, metric.meaning);
    }
    verb.add_option(
            "--fail-if", options->fail_if,
            "Ends with exit code 3 when it holds: 'time > 1.05x' for the ratio B / A, 'memory > 2 GiB' for B; may "
            "be given again. Metrics: " +
                names)
        ->type_name("CONDITION");
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([options, &action] { action = [options] { return compare(*options); }; });
}

}  // namespace longscope
