// SPDX-License-Identifier: GPL-3.0-or-later
// A folder with a small experiment, and what tests of `run` ask of the database and of the processes.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "app/headless/experiment_names.h"
#include "app/headless/run/processes.h"
#include "engine/experiment/experiment.h"
#include "storage/run_query.h"
#include "tests/support/engine_process.h"
#include "tests/support/temporary_folder.h"

namespace longscope {

// Ragged documents; 3 ranks share 600 tokens unevenly in per-document zigzag.
inline Json small_experiment() {
    return parse_json(R"({
        "longscope_experiment": 1, "name": "small",
        "shape": {"query_heads": 4, "key_value_heads": 2, "head_dim_qk": 32, "head_dim_v": 16},
        "sequence": {"tokens": 600, "lengths": {"list": [250, 1, 200, 149]}, "draws": 2, "seed": 5},
        "mask": {"and": [{"documents": {}}, {"causal": {}}]},
        "layout": {"ranks": 3, "strategy": "ring", "dispatch": "per_document_zigzag"},
        "backend": {"name": "cpu", "threads": 1},
        "repetitions": {"warm_up": 1, "measured": 3}, "check": {"rows": 600}})",
                      "test");
}

// Goes on for minutes when nobody stops it.
inline Json long_experiment() {
    Json json = small_experiment();
    json["name"] = "long";
    json["sequence"] = {{"tokens", 4096}};
    json["repetitions"] = {{"warm_up", 0}, {"measured", 1000}};
    return json;
}

class RunFixture : public testing::Test {
  protected:
    // All processes that the test starts inherit the mark; the environment that the kernel shows of the test's own does
    // not change.
    RunFixture() { setenv(mark_name, temporary_.path().c_str(), 1); }
    ~RunFixture() override { unsetenv(mark_name); }
    RunFixture(const RunFixture&) = delete;
    RunFixture& operator=(const RunFixture&) = delete;
    RunFixture(RunFixture&&) = delete;
    RunFixture& operator=(RunFixture&&) = delete;

    [[nodiscard]] std::filesystem::path path(const std::string& name) const { return temporary_.path() / name; }
    std::string put(const std::string& name, const std::string& text) {
        std::ofstream(path(name)) << text;
        return path(name).string();
    }
    std::string put(const Json& experiment) { return put("experiment.json", experiment.dump()); }
    [[nodiscard]] std::string database() const { return path("r.db").string(); }

    [[nodiscard]] StoredRun stored(std::int64_t run = 1) const {
        Database file(database(), OpenMode::read_only);
        return read_run(file, run);
    }
    static std::int64_t repetitions(const StoredRun& run) {
        std::int64_t count = 0;
        for (const StoredDraw& draw : run.draws) {
            count += static_cast<std::int64_t>(draw.repetitions.size());
        }
        return count;
    }
    void expect_sound_database() const {
        Database file(database(), OpenMode::create_or_open);
        EXPECT_EQ(sqlite_answer(file, "PRAGMA integrity_check"), "ok");
        EXPECT_EQ(sqlite_answer(file, "PRAGMA foreign_key_check"), "");
    }

    // Processes that have the test's folder among their arguments: workers, and mpirun, of this test's runs.
    [[nodiscard]] std::vector<pid_t> processes(const std::string& program) const {
        std::vector<pid_t> found;
        for (const pid_t process : all_processes()) {
            const std::string line = process_text(process, "cmdline");
            const std::string first = line.substr(0, line.find('\0'));
            if (std::filesystem::path(first).filename() == program &&
                line.find(temporary_.path().string()) != std::string::npos) {
                found.push_back(process);
            }
        }
        return found;
    }
    // Returns only when no process that this test has started is left, whatever it runs and whoever its parent is by
    // now; the test's time limit bounds it.
    void expect_no_process_left() const {
        const auto is_ours = [this](pid_t process) {
            return process_text(process, "environ").find(mark_ + '\0') != std::string::npos;
        };
        for (const pid_t process : all_processes()) {
            while (is_ours(process)) {
                poll(nullptr, 0, 5);
            }
        }
    }

    // The first column of all rows.
    static std::string sqlite_answer(Database& database, const std::string& question) {
        std::string answer;
        for (SQLite::Statement rows(database.handle(), question); rows.executeStep();) {
            answer += rows.getColumn(0).getString();
        }
        return answer;
    }

  private:
    static constexpr const char* mark_name = "LONGSCOPE_TEST_FOLDER";
    TemporaryFolder temporary_;
    std::string mark_ = mark_name + ("=" + temporary_.path().string());
};

// Every test of this class is instantiated for one launcher (run_launcher_*.cpp).
class RunVerb : public RunFixture, public testing::WithParamInterface<const char*> {
  protected:
    [[nodiscard]] static bool with_mpi() { return std::string(GetParam()) == "mpirun"; }
    [[nodiscard]] std::vector<std::string> arguments(const Json& experiment,
                                                     const std::vector<std::string>& more = {}) {
        std::vector<std::string> all{"run", put(experiment), "--db", database(), "--launcher", GetParam()};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    // The processes that compute.
    [[nodiscard]] std::vector<pid_t> workers() const {
        if (with_mpi()) {
            return processes("longscope-worker");
        }
        std::vector<pid_t> found;
        for (const pid_t pid : processes("longscope-engine")) {
            if (process_text(pid, "cmdline").find(std::string("\0thread-ranks\0", 14)) != std::string::npos) {
                found.push_back(pid);
            }
        }
        return found;
    }
};

inline const std::vector<std::string> follow{"--progress", "jsonl"};

}  // namespace longscope
