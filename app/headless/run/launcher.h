// SPDX-License-Identifier: GPL-3.0-or-later
// How the workers of a run are started. To add a way (srun, ssh): one function, one line in launcher.cpp, one test.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace longscope {

struct LaunchCommand {
    std::vector<std::string> command;
    std::vector<std::pair<std::string, std::string>> environment;
    std::string worker;  // file name of the program that the command starts for each rank; empty: it starts none
};

struct LaunchRequest {
    std::filesystem::path experiment_file;
    std::int64_t ranks = 1;
    std::int64_t max_events = 0;  // that a rank keeps of a repetition; 0: the worker's own limit
};

struct LauncherEntry {
    std::string_view name;
    std::string_view meaning;
    // Throws Error(failed) when something is missing, and says what to install or to choose.
    LaunchCommand (*command)(const LaunchRequest& request);
    // What connects the ranks, for the record: "mpirun (Open MPI) 4.1.4".
    std::string (*library)();
};

[[nodiscard]] const std::vector<LauncherEntry>& launchers();

// Throws Error(bad_input) that lists the names.
[[nodiscard]] const LauncherEntry& find_launcher(std::string_view name);

}  // namespace longscope
