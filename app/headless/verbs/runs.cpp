// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine runs: follows, cancels and clears up runs that another process supervises, by their run folders
// (resources/docs/run-folder.md).
#include <fmt/format.h>
#include <poll.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>

#include "app/headless/command_line.h"
#include "app/headless/output.h"
#include "app/headless/run/growing_file.h"
#include "app/headless/run/run_control.h"
#include "app/headless/run/run_folder.h"
#include "app/headless/run/signal_watch.h"
#include "app/headless/verbs/db.h"
#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/base/units.h"
#include "storage/run_list.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

struct RunsOptions {
    std::string database;
    std::vector<std::string> runs;
    bool json = false;
};

// A run folder, or a run of the database.
std::filesystem::path folder_of(const RunsOptions& options, const std::string& run) {
    std::error_code ignored;
    if (std::filesystem::is_directory(run, ignored)) {
        return run;
    }
    const auto database = open_to_read(options.database);
    return read_run(*database, resolve_run(*database, run)).record.run_folder;
}

std::string state_sentence(const RunFolderState& state) {
    return fmt::format("run {} {}{}", state.run, state.state, state.message.empty() ? "" : ": " + state.message);
}

std::string text_of(const Json& line) {
    const std::string type = line.value("type", "");
    if (type == "started") {
        return fmt::format("run {} started", line.value("run", std::int64_t{0}));
    }
    if (type == "metric" && line.value("name", "") == "duration_ns") {
        return fmt::format("draw {}, {} {}: {}", line.value("draw", 0),
                           line.value("measured", true) ? "repetition" : "warm-up", line.value("repetition", 0) + 1,
                           format_duration(line.value("value", std::int64_t{0})));
    }
    if (type == "metric") {
        return fmt::format("draw {}: {} {}", line.value("draw", 0), line.value("name", ""),
                           shown(line.value("value", Json())));
    }
    return type == "log" ? line.value("text", "") : "";
}

void show(const std::string& line, bool json) {
    if (json) {
        write_output(line + "\n");
        return;
    }
    const Json message = parse_json(line, "progress.jsonl");
    if (const std::string text = message.is_object() ? text_of(message) : ""; !text.empty()) {
        write_output(text + "\n");
    }
}

int follow(const RunsOptions& options) {
    const std::filesystem::path folder = folder_of(options, options.runs.front());
    (void)read_run_folder_state(folder);
    GrowingFile progress(progress_path(folder));
    const SignalWatch signals;  // stops the following, not the run
    while (true) {
        // Asked before the lines are read: what a supervisor wrote at its end is then not missed.
        const bool over = is_abandoned(folder.string());
        for (std::string line; progress.next(line);) {
            show(line, options.json);
        }
        if (over) {
            break;
        }
        struct pollfd wait {
            signals.descriptor(), POLLIN, 0
        };
        if (::poll(&wait, 1, 100) > 0 && signals.take() != 0) {
            write_note("the run goes on");
            return exit_interrupted;
        }
    }
    const RunFolderState state = read_run_folder_state(folder);
    if (state.state == to_string(RunState::running)) {
        throw failed(fmt::format("run {} is lost: nobody supervises it any more", state.run));
    }
    if (state.state != to_string(RunState::done)) {
        write_error(fmt::format("longscope-engine: {}\n", state_sentence(state)));
        return state.state == to_string(RunState::cancelled) ? exit_interrupted : exit_failed;
    }
    if (!options.json) {
        write_output(state_sentence(state) + "\n");
    }
    return exit_done;
}

int cancel(const RunsOptions& options) {
    const std::filesystem::path folder = folder_of(options, options.runs.front());
    request_cancel(folder);
    const SignalWatch signals;
    while (!is_abandoned(folder.string())) {
        struct pollfd wait {
            signals.descriptor(), POLLIN, 0
        };
        if (::poll(&wait, 1, 50) > 0 && signals.take() != 0) {
            return exit_interrupted;
        }
    }
    write_output(state_sentence(read_run_folder_state(folder)) + "\n");
    return exit_done;
}

// Only what is a run folder, and only when nobody works in it.
void remove_folder(const std::filesystem::path& folder) {
    const RunFolderState state = read_run_folder_state(folder);
    if (!is_abandoned(folder.string())) {
        throw failed(fmt::format("{}: run {} is still going on", folder.string(), state.run));
    }
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    if (error) {
        throw failed(fmt::format("{}: cannot be removed: {}", folder.string(), error.message()));
    }
}

int clean(const RunsOptions& options) {
    std::vector<std::filesystem::path> folders;
    for (const std::string& run : options.runs) {
        folders.push_back(folder_of(options, run));  // all names are checked before anything is removed
        (void)read_run_folder_state(folders.back());
    }
    for (const std::filesystem::path& folder : folders) {
        remove_folder(folder);
        write_output(fmt::format("removed {}\n", folder.string()));
    }
    return exit_done;
}

CLI::App* declare(CLI::App& verb, const char* name, const char* summary, int (*run)(const RunsOptions&),
                  VerbAction& action, const std::shared_ptr<RunsOptions>& options, bool several) {
    CLI::App* sub = verb.add_subcommand(name, summary);
    auto* argument = sub->add_option("run", options->runs,
                                     "A run folder; or a run's number, its uuid or the beginning of it, or last");
    argument->type_name("RUN")->required()->expected(1, several ? 1000 : 1);
    add_database_option(*sub, options->database);
    sub->callback([options, run, &action] { action = [options, run] { return run(*options); }; });
    return sub;
}

}  // namespace

void declare_runs(CLI::App& verb, VerbAction& action) {
    verb.require_subcommand(1);
    const auto options = std::make_shared<RunsOptions>();
    CLI::App* following =
        declare(verb, "follow", "shows a run that goes on, from its beginning to its end; Ctrl-C leaves it alone",
                follow, action, options, false);
    following->add_flag("--json", options->json, "Print the JSON lines of the run folder");
    declare(verb, "cancel", "stops a run; what was measured is stored", cancel, action, options, false);
    declare(verb, "clean", "removes run folders (logs, pictures); the results stay in the database", clean, action,
            options, true);
}

}  // namespace longscope
