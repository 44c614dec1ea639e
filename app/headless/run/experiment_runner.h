// SPDX-License-Identifier: GPL-3.0-or-later
// The one way from an experiment to a stored run with its pictures, for every verb that runs experiments.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "app/headless/run/run_settings.h"
#include "app/headless/run/supervisor.h"
#include "engine/draw/theme.h"
#include "storage/database.h"

namespace longscope {

class ExperimentRunner {
  public:
    // Throws Error(bad_input) for a setting that means nothing. Touches no file.
    explicit ExperimentRunner(const RunSettings& settings);

    // Throws Error(failed) when the launcher lacks something. To be asked before anything is stored.
    void check_launch(const Experiment& experiment) const;

    // Opens or makes the database, and marks the runs that nobody works on any more as lost. To be called before the
    // functions below.
    void open_database();
    [[nodiscard]] Database& database() { return *database_; }
    [[nodiscard]] RunStore& store() { return *store_; }
    [[nodiscard]] std::filesystem::path database_path() const;  // absolute
    // Beside the database: results.db has its run folders in results-runs.
    [[nodiscard]] std::filesystem::path runs_folder() const;

    struct Result {
        std::int64_t run = 0;
        RunEnd end;
        std::filesystem::path folder;
    };
    // Stores the run while it goes on. A signal cancels it.
    [[nodiscard]] Result run(const Experiment& experiment, const SignalWatch& signals);
    // Of a run that is over; a picture that cannot be drawn is only noted.
    void draw(const Result& result);

    // What runs are stored with: the machine, the build and what connects the ranks; the machine's name.
    struct Place {
        std::string environment;  // JSON
        std::string host;
    };
    [[nodiscard]] const Place& place();

    [[nodiscard]] bool tells_programs() const { return settings_.progress == "jsonl"; }

  private:
    [[nodiscard]] RunRecord record_of(const Experiment& experiment, const std::string& uuid,
                                      const std::filesystem::path& folder);

    RunSettings settings_;
    Nanoseconds stall_limit_ns_;
    const LauncherEntry& launcher_;
    const Theme& theme_;
    std::unique_ptr<Place> place_;
    std::unique_ptr<Database> database_;
    std::unique_ptr<RunStore> store_;
};

// Of a command whose run, or runs, ended so.
[[nodiscard]] int exit_code_of(RunState state);

}  // namespace longscope
