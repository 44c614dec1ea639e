// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "app/headless/export_formats.h"
#include "app/headless/verbs/db.h"
#include "engine/base/error.h"
#include "engine/base/registry.h"
#include "storage/bench_query.h"
#include "storage/run_list.h"

namespace longscope {

namespace {

struct ExportOptions {
    std::string file;
    std::vector<std::string> runs;
    std::string format;
    std::string output;
    std::int64_t draw = 0;
    std::optional<std::int64_t> repetition;
    std::int64_t max_events = 0;
};

int export_run(const ExportOptions& options) {
    const ExportFormat& format = find_entry(export_formats(), options.format, "--format", "a format");
    if (format.needs_output && options.output.empty()) {
        throw bad_input("--output", "(nothing)", fmt::format("is not enough for --format {}", format.name),
                        "a place to write to");
    }
    if (!format.several_runs && options.runs.size() > 1) {
        throw bad_input("run", fmt::format("{} runs", options.runs.size()),
                        fmt::format("are too many for --format {}", format.name), "one");
    }
    const auto database = open_to_read(options.file);
    std::vector<std::int64_t> runs;
    std::vector<std::int64_t> benches;
    for (const std::string& run : options.runs) {
        if (const auto name = bench_name(run)) {
            if (!format.of_benches) {
                throw bad_input("run", run, fmt::format("is a bench, of which there is no {}", format.name), "a run");
            }
            benches.push_back(resolve_bench(*database, *name));
        } else {
            runs.push_back(resolve_run(*database, run));
        }
    }
    format.write({*database, std::move(runs), std::move(benches), options.output, options.draw, options.repetition,
                  options.max_events});
    return 0;
}

}  // namespace

void declare_db_export(CLI::App& db, VerbAction& action) {
    CLI::App* verb = db.add_subcommand("export", "writes one run, or bench, for other programs");
    const auto options = std::make_shared<ExportOptions>();
    std::string formats;
    std::string names;
    for (const ExportFormat& format : export_formats()) {
        formats += fmt::format("{}{}: {}", formats.empty() ? "" : "; ", format.name, format.meaning);
        names += fmt::format("{}{}", names.empty() ? "" : "|", format.name);
    }
    verb->add_option("run", options->runs, stored_name_help)->type_name("RUN")->required();
    add_database_option(*verb, options->file);
    verb->add_option("--format", options->format, formats)->type_name(names)->required();
    verb->add_option("-o,--output", options->output, "Write to this file (or folder) instead of standard output")
        ->type_name("PATH");
    verb->add_option("--draw", options->draw, "Of a trace: the draw")->capture_default_str();
    verb->add_option("--repetition", options->repetition,
                     "Of a trace: the measured repetition (default: the one whose time is the median)");
    verb->add_option("--max-events", options->max_events,
                     "Of a trace: keep the longest events of each file and say how many are not there; 0: all")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40))
        ->capture_default_str();
    verb->callback([options, &action] { action = [options] { return export_run(*options); }; });
}

}  // namespace longscope
