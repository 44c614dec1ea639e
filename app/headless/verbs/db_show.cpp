// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "app/headless/bench_report.h"
#include "app/headless/device_report.h"
#include "app/headless/output.h"
#include "app/headless/run_report.h"
#include "app/headless/verbs/db.h"
#include "storage/bench_export.h"
#include "storage/run_json.h"
#include "storage/run_list.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

struct ShowOptions {
    std::string file;
    std::string run = "last";
    bool json = false;
};

int show(const ShowOptions& options) {
    const auto database = open_to_read(options.file);
    if (const auto name = bench_name(options.run)) {
        const StoredBench bench = read_bench(*database, resolve_bench(*database, *name));
        write_output(options.json ? bench_to_json(bench).dump(1, ' ', false, Json::error_handler_t::replace) + '\n'
                                  : bench_report(bench));
        return 0;
    }
    const StoredRun run = read_run(*database, resolve_run(*database, options.run));
    write_output(options.json ? run_to_json(run).dump(1, ' ', false, Json::error_handler_t::replace) + '\n'
                              : run_report(run) + device_section(*database, run));
    return 0;
}

}  // namespace

void declare_db_show(CLI::App& db, VerbAction& action) {
    CLI::App* verb = db.add_subcommand("show", "shows one run: times, rates, what each rank did, errors; or one bench");
    const auto options = std::make_shared<ShowOptions>();
    verb->add_option("run", options->run, stored_name_help)->type_name("RUN")->capture_default_str();
    add_database_option(*verb, options->file);
    verb->add_flag("--json", options->json, "Print JSON");
    verb->callback([options, &action] { action = [options] { return show(*options); }; });
}

}  // namespace longscope
