// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

#include "app/headless/output.h"
#include "app/headless/text_table.h"
#include "app/headless/verbs/db.h"
#include "engine/base/units.h"
#include "storage/bench_export.h"
#include "storage/run_json.h"
#include "storage/run_list.h"

namespace longscope {

namespace {

struct ListOptions {
    std::string file;
    std::string state;
    std::string name;
    std::string tag;
    std::int64_t limit = 50;
    bool json = false;
};

std::string list_table(const std::vector<RunSummary>& runs) {
    TextTable table({{"run"},
                     {"started", Align::left},
                     {"name", Align::left},
                     {"state", Align::left},
                     {"backend", Align::left},
                     {"ranks"},
                     {"draws"},
                     {"repetitions"},
                     {"rate"},
                     {"uuid", Align::left}});
    for (const RunSummary& run : runs) {
        table.add_row(
            {std::to_string(run.id), run.started_utc.substr(0, 19), run.name, std::string(to_string(run.state)),
             run.backend, format_count(run.ranks), format_count(run.draws), format_count(run.measured_repetitions),
             std::isfinite(run.flops_per_s) ? format_flops_per_s(run.flops_per_s) : "-", run.uuid.substr(0, 8)});
    }
    return table.text();
}

std::string bench_table(const std::vector<BenchSummary>& benches) {
    TextTable table({{"bench"},
                     {"started", Align::left},
                     {"kind", Align::left},
                     {"cases"},
                     {"implementations"},
                     {"version", Align::left},
                     {"host", Align::left},
                     {"uuid", Align::left}});
    for (const BenchSummary& bench : benches) {
        table.add_row({fmt::format("bench:{}", bench.id), bench.started_utc.substr(0, 19), bench.kind,
                       format_count(bench.cases), format_count(bench.implementations), bench.version, bench.host,
                       bench.uuid.substr(0, 8)});
    }
    return table.text();
}

int list(const ListOptions& options) {
    RunFilter filter;
    filter.limit = options.limit;
    if (!options.state.empty()) {
        filter.state = run_state_from_string(options.state, "--state");
    }
    if (!options.name.empty()) {
        filter.name = options.name;
    }
    if (!options.tag.empty()) {
        filter.tag = options.tag;
    }
    const auto database = open_to_read(options.file);
    const std::vector<RunSummary> runs = list_runs(*database, filter);
    // Benches have no state, name or tags.
    const bool all = !filter.state && !filter.name && !filter.tag;
    const auto benches = all ? list_benches(*database, options.limit) : std::vector<BenchSummary>();
    if (options.json) {
        Json json{{"version", run_json_version}, {"runs", Json::array()}, {"benches", Json::array()}};
        for (const RunSummary& run : runs) {
            json["runs"].push_back(summary_to_json(run));
        }
        for (const BenchSummary& bench : benches) {
            json["benches"].push_back(summary_to_json(bench));
        }
        write_output(json.dump(1, ' ', false, Json::error_handler_t::replace) + '\n');
        return 0;
    }
    if (runs.empty() && benches.empty()) {
        write_note(options.file + " holds no such run");
        return 0;
    }
    if (!runs.empty()) {
        write_output(list_table(runs));
    }
    if (!benches.empty()) {
        write_output((runs.empty() ? "" : "\n") + bench_table(benches));
    }
    // A list that looks complete and is not would mislead.
    for (const auto& [count, what] : {std::pair(runs.size(), "runs"), std::pair(benches.size(), "benches")}) {
        if (static_cast<std::int64_t>(count) == options.limit) {
            write_note(fmt::format("the newest {} {} at most; --limit shows more", options.limit, what));
        }
    }
    return 0;
}

}  // namespace

void declare_db_list(CLI::App& db, VerbAction& action) {
    CLI::App* verb = db.add_subcommand("list", "lists the stored runs and benches, newest first");
    const auto options = std::make_shared<ListOptions>();
    add_database_option(*verb, options->file);
    verb->add_option("--state", options->state, "Only runs in this state: done, failed, lost, ...")->type_name("STATE");
    verb->add_option("--name", options->name, "Only runs of the experiment with this name")->type_name("NAME");
    verb->add_option("--tag", options->tag, "Only runs with this tag (see db tag)")->type_name("TAG");
    verb->add_option("--limit", options->limit, "At most this many of each")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}))
        ->capture_default_str();
    verb->add_flag("--json", options->json, "Print JSON");
    verb->callback([options, &action] { action = [options] { return list(*options); }; });
}

}  // namespace longscope
