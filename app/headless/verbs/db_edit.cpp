// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine db check, merge, delete, vacuum, tag and note.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <iostream>

#include "app/headless/command_line.h"
#include "app/headless/output.h"
#include "app/headless/progress_bar.h"
#include "app/headless/verbs/db.h"
#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/base/units.h"
#include "storage/bench_query.h"
#include "storage/check.h"
#include "storage/run_copy.h"
#include "storage/run_edit.h"
#include "storage/run_list.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

constexpr const char* run_help = "A run's number, its uuid or the beginning of it, or last";

struct EditOptions {
    std::string file;
    std::string run;  // of verbs that take one
    std::vector<std::string> runs;
    std::vector<std::string> words;
    std::vector<std::string> removed;
    std::string text;
    bool yes = false;
    bool json = false;
};

std::unique_ptr<Database> open_to_write(const std::string& file) {
    if (std::error_code ignored; !std::filesystem::exists(file, ignored)) {
        throw bad_input("--db", file, "does not exist", "a result database");
    }
    auto database = std::make_unique<Database>(file, OpenMode::create_or_open);
    for (const std::string& notice : database->notices()) {
        write_note(notice);
    }
    return database;
}

std::string plural(std::int64_t count, const char* one, const char* many) {
    return fmt::format("{} {}", format_count(count), count == 1 ? one : many);
}

int check(const EditOptions& options) {
    const auto database = open_to_read(options.file);
    ProgressBar bar;
    const std::vector<std::string> problems =
        check_database(*database, [&](double done) { bar.show(done, "checking"); });
    bar.clear();
    const auto runs = static_cast<std::int64_t>(problems.empty() ? list_runs(*database).size() : 0);
    const auto benches = static_cast<std::int64_t>(problems.empty() ? list_benches(*database).size() : 0);
    if (options.json) {
        write_output(Json{{"sound", problems.empty()}, {"problems", problems}}.dump(1, ' ', false,
                                                                                    Json::error_handler_t::replace) +
                     '\n');
    } else if (problems.empty()) {
        write_output(fmt::format("{} is sound: revision {}, {}{}\n", options.file, database->revision(),
                                 plural(runs, "run", "runs"),
                                 benches > 0 ? ", " + plural(benches, "bench", "benches") : ""));
    } else {
        for (const std::string& problem : problems) {
            write_output(problem + '\n');
        }
    }
    return problems.empty() ? exit_done : exit_failed;
}

int merge(const EditOptions& options) {
    const auto into = open_to_write(options.file);
    for (const std::string& file : options.words) {
        std::error_code ignored;
        if (std::filesystem::equivalent(file, options.file, ignored)) {
            throw bad_input("FROM", file, "is the database that is merged into", "another file");
        }
        const auto from = open_to_read(file);
        ProgressBar bar;
        const MergeReport report = merge_runs(*into, *from, [&](double done) { bar.show(done, "merging " + file); });
        bar.clear();
        std::string line = fmt::format("{}: {} added", file, plural(report.added, "run", "runs"));
        if (report.duplicates > 0) {
            line += fmt::format(", {} there already", format_count(report.duplicates));
        }
        if (report.unfinished > 0) {
            line += fmt::format(", {} not ended and left out", format_count(report.unfinished));
        }
        if (report.added_benches > 0) {
            line += fmt::format(", {} added", plural(report.added_benches, "bench", "benches"));
        }
        if (report.duplicate_benches > 0) {
            line += fmt::format(", {} there already", plural(report.duplicate_benches, "bench", "benches"));
        }
        write_output(line + '\n');
    }
    return exit_done;
}

// Asks on a terminal; elsewhere --yes is needed.
void confirm(const std::string& question, bool yes) {
    if (yes) {
        return;
    }
    if (isatty(STDIN_FILENO) == 0) {
        throw bad_input("--yes", "(nothing)", "is not enough where nobody can be asked", "--yes");
    }
    write_error(question + " [y/N] ");
    std::string answer;
    if (!std::getline(std::cin, answer) || (answer != "y" && answer != "yes")) {
        throw Error(ErrorKind::cancelled, "nothing was deleted");
    }
}

int remove(const EditOptions& options) {
    const auto database = open_to_write(options.file);
    std::vector<std::int64_t> runs;
    std::vector<std::int64_t> benches;
    for (const std::string& run : options.runs) {
        if (const auto name = bench_name(run)) {
            benches.push_back(resolve_bench(*database, *name));
        } else {
            runs.push_back(resolve_run(*database, run));
        }
    }
    std::vector<std::string> counts;
    if (!runs.empty()) {
        counts.push_back(plural(static_cast<std::int64_t>(runs.size()), "run", "runs"));
    }
    if (!benches.empty()) {
        counts.push_back(plural(static_cast<std::int64_t>(benches.size()), "bench", "benches"));
    }
    const std::string what = fmt::format("{}", fmt::join(counts, " and "));
    confirm(fmt::format("Delete {} ({}) from {}?", what, fmt::join(options.runs, ", "), options.file), options.yes);
    delete_runs(*database, runs, benches);
    write_output(fmt::format("deleted {}; 'db vacuum' makes the file smaller\n", what));
    return exit_done;
}

int vacuum_file(const EditOptions& options) {
    const auto before = open_to_write(options.file);
    const auto size = [&] { return static_cast<std::int64_t>(std::filesystem::file_size(options.file)); };
    const std::int64_t old_size = size();
    vacuum(*before);
    write_output(fmt::format("{}: {}, was {}\n", options.file, format_bytes(size()), format_bytes(old_size)));
    return exit_done;
}

int tag(const EditOptions& options) {
    const auto database = open_to_write(options.file);
    const std::int64_t run = resolve_run(*database, options.run);
    for (const std::string& name : options.words) {
        add_tag(*database, run, name);
    }
    for (const std::string& name : options.removed) {
        if (!remove_tag(*database, run, name)) {
            throw bad_input("--remove", name, fmt::format("is not a tag of run {}", run),
                            fmt::format("{}", fmt::join(read_run(*database, run).tags, ", ")));
        }
    }
    const std::vector<std::string> tags = read_run(*database, run).tags;
    write_output(fmt::format("run {}: {}\n", run, tags.empty() ? "no tags" : fmt::format("{}", fmt::join(tags, ", "))));
    return exit_done;
}

int note(const EditOptions& options) {
    const auto database = open_to_write(options.file);
    const std::int64_t run = resolve_run(*database, options.run);
    set_note(*database, run, options.text);
    write_output(fmt::format("run {}: {}\n", run, options.text.empty() ? "no note" : options.text));
    return exit_done;
}

CLI::App* declare(CLI::App& db, const char* name, const char* summary, int (*run)(const EditOptions&),
                  VerbAction& action, const std::shared_ptr<EditOptions>& options) {
    CLI::App* verb = db.add_subcommand(name, summary);
    verb->callback([options, run, &action] { action = [options, run] { return run(*options); }; });
    return verb;
}

}  // namespace

void declare_db_edit(CLI::App& db, VerbAction& action) {
    auto options = std::make_shared<EditOptions>();
    CLI::App* verb =
        declare(db, "check", "checks a database: SQLite's checks, and what holds of every stored run and bench", check,
                action, options);
    add_database_option(*verb, options->file);
    verb->add_flag("--json", options->json, "Print JSON");

    options = std::make_shared<EditOptions>();
    verb = declare(db, "merge", "adds the runs and benches of other databases; all of a file or, on a conflict, none",
                   merge, action, options);
    verb->add_option("FROM", options->words, "Databases; they are not changed")->required()->type_name("FILE");
    add_database_option(*verb, options->file);

    options = std::make_shared<EditOptions>();
    verb = declare(db, "delete", "deletes runs that have ended, and benches", remove, action, options);
    verb->add_option("run", options->runs, stored_name_help)->required()->type_name("RUN");
    add_database_option(*verb, options->file);
    verb->add_flag("--yes", options->yes, "Do not ask");

    options = std::make_shared<EditOptions>();
    verb = declare(db, "vacuum", "gives space that deleted runs took back to the file system", vacuum_file, action,
                   options);
    add_database_option(*verb, options->file);

    options = std::make_shared<EditOptions>();
    verb = declare(db, "tag", "adds tags to a run, or takes them away", tag, action, options);
    verb->add_option("run", options->run, run_help)->required()->type_name("RUN");
    verb->add_option("TAG", options->words, "Tags to be added")->type_name("TAG");
    verb->add_option("--remove", options->removed, "Tags to be taken away")->type_name("TAG");
    add_database_option(*verb, options->file);

    options = std::make_shared<EditOptions>();
    verb = declare(db, "note", "notes a sentence of a run; without one, removes it", note, action, options);
    verb->add_option("run", options->run, run_help)->required()->type_name("RUN");
    verb->add_option("TEXT", options->text, "What is to be remembered");
    add_database_option(*verb, options->file);
}

}  // namespace longscope
