// SPDX-License-Identifier: GPL-3.0-or-later
// The folder of one run: the experiment as it was resolved, its state, its progress, logs, pictures; anyone may follow
// it (resources/docs/run-folder.md). While the run is going on its supervisor holds a lock on it: a run whose folder
// nobody holds, and that has not ended, is lost.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace longscope {

struct RunFolderState {
    std::int64_t run = 0;  // in the database
    std::string uuid;
    std::string state;    // as in the database
    std::string message;  // why it ended as it did
    std::string database;
    std::string host;      // of the supervisor
    std::int64_t pid = 0;  // of the supervisor
};

class RunFolder {
  public:
    // Makes the folder (and those above it) and takes the lock. Throws Error(failed).
    explicit RunFolder(std::filesystem::path path);
    RunFolder(const RunFolder&) = delete;
    RunFolder& operator=(const RunFolder&) = delete;
    RunFolder(RunFolder&&) = delete;
    RunFolder& operator=(RunFolder&&) = delete;
    ~RunFolder();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path experiment() const { return path_ / "experiment.json"; }
    [[nodiscard]] std::filesystem::path log() const { return path_ / "log.txt"; }

    // Append to the log, and to the lines that followers read. A full disk is not worth ending a run for: what cannot
    // be written is dropped.
    void append_log(std::string_view text) const;
    void append_progress(std::string_view line) const;
    // Replaces the state at once. What cannot be written is dropped.
    void write_state(const RunFolderState& state) const;

  private:
    std::filesystem::path path_;
    int lock_ = -1;
    int log_ = -1;
    int progress_ = -1;
};

[[nodiscard]] std::filesystem::path progress_path(const std::filesystem::path& folder);

// What the state of a folder says. Throws Error(bad_input) when there is none, or it is damaged.
[[nodiscard]] RunFolderState read_run_folder_state(const std::filesystem::path& folder);

// Whether nobody holds the lock of the folder; also when there is no such folder.
[[nodiscard]] bool is_abandoned(const std::string& folder);
// The same for a run that may be supervised on another machine: a folder that is not here tells nothing then.
[[nodiscard]] bool is_abandoned_on(const std::string& folder, const std::string& host);

}  // namespace longscope
