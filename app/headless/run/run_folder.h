// SPDX-License-Identifier: GPL-3.0-or-later
// The folder of one run: the experiment as it was resolved, the workers' log, the pictures. While the run is going on
// its supervisor holds a lock on it: a run whose folder nobody holds, and that has not ended, is lost.
#pragma once

#include <filesystem>
#include <string>

namespace longscope {

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

    // Appends to the log. A full disk is not worth ending a run for: what cannot be written is dropped.
    void append_log(std::string_view text) const;

  private:
    std::filesystem::path path_;
    int lock_ = -1;
    int log_ = -1;
};

// Whether nobody holds the lock of the folder; also when there is no such folder.
[[nodiscard]] bool is_abandoned(const std::string& folder);

}  // namespace longscope
