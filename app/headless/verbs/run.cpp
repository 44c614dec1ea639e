// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine run: runs an experiment, stores it, draws it.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>

#include "app/headless/command_line.h"
#include "app/headless/data_folder.h"
#include "app/headless/experiment_names.h"
#include "app/headless/output.h"
#include "app/headless/run/pictures.h"
#include "app/headless/run/supervisor.h"
#include "app/headless/run_report.h"
#include "app/headless/verbs/verb.h"
#include "app/headless/worker/worker.h"
#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/experiment/field_override.h"
#include "profiler/environment.h"
#include "storage/run_query.h"
#include "storage/uuid.h"

namespace longscope {

namespace {

struct RunOptions {
    std::string file;
    std::optional<std::string> ranks;
    std::optional<std::string> backend;
    std::optional<std::string> lengths;
    std::string database;
    std::string launcher = "mpirun";
    std::string progress = "text";
    std::string theme = "light";
    std::string pictures = "png";
    double stall_seconds = 600;
    std::int64_t max_events = 0;
};

// What is not a number stays a text, which the field then refuses with what it accepts.
Json number_or_text(const std::string& text) {
    std::int64_t number = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    return status == std::errc() && end == text.data() + text.size() ? Json(number) : Json(text);
}

std::vector<FieldOverride> overrides_of(const RunOptions& options) {
    std::vector<FieldOverride> overrides;
    if (options.ranks) {
        overrides.push_back({"layout.ranks", number_or_text(*options.ranks)});
    }
    if (options.backend) {
        overrides.push_back({"backend.name", *options.backend});
    }
    if (options.lengths) {
        // The user's path begins where the user is, not where the experiment lies.
        overrides.push_back(
            {"sequence.lengths", {{"file", std::filesystem::absolute(*options.lengths).lexically_normal().string()}}});
    }
    return overrides;
}

// As it was typed, arguments separated by blanks.
std::string own_command_line() {
    std::ifstream file("/proc/self/cmdline");
    std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!text.empty() && text.back() == '\0') {
        text.pop_back();
    }
    std::replace(text.begin(), text.end(), '\0', ' ');
    return text;
}

RunRecord record_of(const Experiment& experiment, const LauncherEntry& launcher, const std::string& uuid,
                    const std::filesystem::path& folder) {
    const MachineFacts machine = machine_facts();
    RunRecord record;
    record.uuid = uuid;
    record.experiment_name = experiment.name;
    record.experiment = to_json(experiment).dump();
    record.environment = environment_json(machine, launcher.library()).dump();
    record.command_line = own_command_line();
    record.backend = experiment.backend.name;
    record.ranks = experiment.layout.ranks;
    record.run_folder = folder.string();
    record.host = machine.host;
    record.pid = getpid();
    return record;
}

// Beside the database: results.db has its run folders in results-runs.
std::filesystem::path run_folder_path(const std::filesystem::path& database, const std::string& uuid) {
    const std::filesystem::path absolute = std::filesystem::absolute(database).lexically_normal();
    std::string day = utc_now_text().substr(0, 10);
    return absolute.parent_path() / (absolute.stem().string() + "-runs") / (day + "-" + uuid.substr(0, 8));
}

int exit_code_of(RunState state) {
    switch (state) {
        case RunState::done:
            return exit_done;
        case RunState::cancelled:
            return exit_interrupted;
        default:
            return exit_failed;
    }
}

Nanoseconds stall_limit(double seconds) {
    constexpr double most_seconds = 1e9;
    if (!(seconds >= 0.0 && seconds <= most_seconds)) {  // written so that a NaN does not pass
        throw bad_input("--stall-timeout", fmt::format("{:g}", seconds), "is not a time",
                        "seconds from 0 (never) to 1000000000");
    }
    return static_cast<Nanoseconds>(seconds * 1e9);
}

// The run is over and stored: a picture that cannot be drawn takes nothing away from it. Of a run that ended badly its
// own message says enough.
void store_pictures(std::int64_t run, RunState state, Database& database, RunStore& store, const Theme& theme,
                    const std::filesystem::path& folder, const std::string& extension) {
    try {
        for (const ArtifactRecord& picture :
             draw_pictures(read_run(database, run), database, theme, folder, extension)) {
            store.add_artifact(run, picture);
        }
    } catch (const Error& error) {
        if (state == RunState::done) {
            write_note(fmt::format("the pictures of run {} are not drawn: {}", run, error.what()));
        }
    }
}

// A reader that has left, or a full disk behind it, does not touch the run.
void print_line(const std::string& line) {
    try {
        write_output(line + "\n");
    } catch (const Error&) {
    }
}

int run(const RunOptions& options) {
    const Nanoseconds stall_limit_ns = stall_limit(options.stall_seconds);
    const Experiment experiment =
        with_absolute_paths(read_experiment(options.file, experiment_names(), overrides_of(options)));
    const LauncherEntry& launcher = find_launcher(options.launcher);
    const Theme& theme = theme_named(options.theme, "--theme");
    (void)launcher.command({"", experiment.layout.ranks});  // what is missing is said before anything is stored

    const bool default_place = options.database.empty();
    const std::filesystem::path database_path =
        default_place ? default_database_path() : std::filesystem::path(options.database);
    if (default_place) {
        create_folder_of(database_path);
    }
    Database database(database_path, OpenMode::create_or_open);
    for (const std::string& notice : database.notices()) {
        write_note(notice);
    }
    RunStore store(database);
    store.mark_lost(is_abandoned_on);

    const std::string uuid = random_uuid();
    const RunFolder folder(run_folder_path(database_path, uuid));
    write_file_atomically(folder.experiment(), to_json(experiment).dump(2) + "\n");
    const bool json = options.progress == "jsonl";
    std::int64_t id = 0;
    RunEnd end;
    {
        const SignalWatch signals;
        const RunRecord record = record_of(experiment, launcher, uuid, folder.path());
        id = store.begin_run(record);
        RunFolderState state{id,
                             uuid,
                             std::string(to_string(RunState::running)),
                             "",
                             std::filesystem::absolute(database_path).lexically_normal().string(),
                             record.host,
                             record.pid};
        folder.write_state(state);
        const std::unique_ptr<RunProgress> progress =
            make_both(json ? make_json_progress(print_line) : make_text_progress(experiment),
                      make_json_progress([&](const std::string& line) { folder.append_progress(line); }));
        progress->started(id, uuid, folder.path().string());
        end = supervise({experiment, launcher, folder, signals, id, stall_limit_ns, options.max_events}, store,
                        *progress);
        state.state = to_string(end.state);
        state.message = end.message;
        folder.write_state(state);
    }
    store_pictures(id, end.state, database, store, theme, folder.path(), options.pictures);
    if (!json) {
        write_output(run_report(read_run(database, id)));
        write_output(fmt::format("database: {}\n", std::filesystem::absolute(database_path).string()));
    }
    if (end.state != RunState::done) {
        write_error(fmt::format("longscope-engine: run {} {}: {}\n", id, to_string(end.state), end.message));
    }
    return exit_code_of(end.state);
}

}  // namespace

void declare_run(CLI::App& verb, VerbAction& action) {
    auto options = std::make_shared<RunOptions>();
    // An empty value, as of a variable that is not set, must not mean the default.
    const CLI::Validator given(
        [](const std::string& text) { return text.empty() ? std::string("needs a value") : std::string(); }, "");
    verb.add_option("FILE", options->file, "The experiment (see resources/docs/experiment.md)")->required();
    verb.add_option("--ranks", options->ranks, "Ranks, instead of layout.ranks of the experiment")->check(given);
    verb.add_option("--backend", options->backend, "Backend, instead of backend.name (see 'longscope-engine devices')")
        ->check(given);
    verb.add_option("--lengths", options->lengths,
                    "Lengths file, instead of sequence.lengths: one length a line, or a histogram {\"[a,b)\": p}")
        ->check(given);
    verb.add_option("--db", options->database,
                    "Result database; made when missing (default: " + default_database_path().string() + ")")
        ->check(given);
    verb.add_option("--launcher", options->launcher, "mpirun: a process a rank; threads: all in one process")
        ->capture_default_str();
    verb.add_option("--progress", options->progress, "text for people, jsonl for programs (one JSON object a line)")
        ->check(CLI::IsMember({"text", "jsonl"}))
        ->capture_default_str();
    verb.add_option("--theme", options->theme, "Of the pictures: light or dark")->capture_default_str();
    verb.add_option("--pictures", options->pictures, "What the pictures are stored as: png, svg or pdf")
        ->check(CLI::IsMember({"png", "svg", "pdf"}))
        ->capture_default_str();
    verb.add_option("--stall-timeout", options->stall_seconds,
                    "Seconds without news after which the run is given up; 0: never")
        ->check(given)
        ->capture_default_str();
    verb.add_option("--max-events", options->max_events,
                    "Events that each rank keeps of a repetition, the longest ones; 0: 500,000 among all ranks")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{10'000'000}))
        ->type_name("N")
        ->capture_default_str();
    verb.footer("Ctrl-C stops the run; what was measured until then is stored.");
    verb.callback([options, &action] { action = [options] { return run(*options); }; });
}

void declare_thread_ranks(CLI::App& verb, VerbAction& action) {
    struct Options {
        std::string file;
        int ranks = 1;
        std::int64_t max_events = 0;
    };
    auto options = std::make_shared<Options>();
    verb.group("");  // for the supervisor only: not in the help
    verb.add_option("FILE", options->file)->required();
    verb.add_option("RANKS", options->ranks)->required()->check(CLI::Range(1, 4096));
    verb.add_option("MAX_EVENTS", options->max_events)->required();
    verb.callback([options, &action] {
        action = [options] { return run_thread_ranks(options->file, options->ranks, options->max_events); };
    });
}

}  // namespace longscope
