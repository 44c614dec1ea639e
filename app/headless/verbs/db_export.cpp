// SPDX-License-Identifier: GPL-3.0-or-later
#include <sstream>

#include "app/headless/output.h"
#include "app/headless/verbs/db.h"
#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "storage/export.h"
#include "storage/run_list.h"

namespace longscope {

namespace {

struct ExportOptions {
    std::string file;
    std::string run;
    std::string format;
    std::string output;
};

int export_run(const ExportOptions& options) {
    if (options.format != "csv" && options.format != "json") {
        throw bad_input("--format", options.format, "is not a format", "csv, json");
    }
    const auto database = open_to_read(options.file);
    const std::int64_t run = resolve_run(*database, options.run);
    std::ostringstream text;
    if (options.format == "csv") {
        export_csv(*database, run, text);
    } else {
        export_json(*database, run, text);
    }
    if (options.output.empty()) {
        write_output(text.str());
    } else {
        write_file_atomically(options.output, text.str());
    }
    return 0;
}

}  // namespace

void declare_db_export(CLI::App& db, VerbAction& action) {
    CLI::App* verb = db.add_subcommand("export", "writes one run as CSV or JSON");
    const auto options = std::make_shared<ExportOptions>();
    verb->add_option("run", options->run, "A run's number, its uuid or the beginning of it, or last")
        ->type_name("RUN")
        ->required();
    add_database_option(*verb, options->file);
    verb->add_option("--format", options->format,
                     "csv: a row per repetition and rank; json: everything, with plans and events")
        ->type_name("csv|json")
        ->required();
    verb->add_option("-o,--output", options->output, "Write to this file instead of standard output")
        ->type_name("FILE");
    verb->callback([options, &action] { action = [options] { return export_run(*options); }; });
}

}  // namespace longscope
