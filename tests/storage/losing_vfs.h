// SPDX-License-Identifier: GPL-3.0-or-later
// A file layer for SQLite that writes down what is asked of the files of one folder, and hands it on to the usual
// layer. It becomes SQLite's default, and is for a test program of its own, with one thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/storage/lost_power.h"

namespace longscope {

class LosingVfs {
  public:
    // Registered at the first call.
    static LosingVfs& instance();

    // Begins a new list. The files that lie in `folder` are taken for synced.
    void record(const std::filesystem::path& folder);
    // Ends it. While nothing is recorded, nothing is synced either: that would only cost time.
    std::vector<DiskOperation> stop();
    // How many operations there are so far.
    [[nodiscard]] std::size_t count() const { return log_.size(); }
    // For what a program does besides SQLite.
    void note_rename(const std::string& name, const std::string& new_name);

    // Whether files that are opened from now on offer what a write-ahead log needs.
    void offer_shared_memory(bool offered) { shared_memory_ = offered; }

    // For the functions that SQLite calls.
    [[nodiscard]] bool recording() const { return recording_; }
    [[nodiscard]] bool shared_memory() const { return shared_memory_; }
    // The file's number, or -1 when it is not in the folder. Made anew when it did not exist.
    int open(const char* path, bool existed);
    void add(DiskOperation operation);
    void remove(const char* path);

  private:
    LosingVfs();
    [[nodiscard]] bool in_folder(const std::filesystem::path& path) const;

    std::filesystem::path folder_;
    std::vector<DiskOperation> log_;
    std::map<std::string, int> numbers_;
    int next_number_ = 0;
    bool recording_ = false;
    bool shared_memory_ = true;
};

}  // namespace longscope
