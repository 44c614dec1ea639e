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
    // File name of the program that the command starts for each rank on this machine; empty: it may start none here.
    std::string worker;
};

// Where ranks run, beside this machine.
struct LaunchPlaces {
    std::string hosts;         // "node1:4,node2:4"; empty: this machine alone
    std::string remote_shell;  // command that starts one on a host: COMMAND HOST WORDS ...; empty: the launcher's own

    // Throws Error(bad_input) for hosts that are no list of hosts, and for a remote shell without hosts.
    void check() const;
};

struct LaunchRequest {
    std::filesystem::path experiment_file;
    std::int64_t ranks = 1;
    std::int64_t max_events = 0;  // that a rank keeps of a repetition; 0: the worker's own limit
    LaunchPlaces places = {};
};

struct LauncherEntry {
    std::string_view name;
    std::string_view meaning;
    // Throws Error: failed when something is missing, and says what to install or to choose; bad_input for places that
    // it cannot start ranks in.
    LaunchCommand (*command)(const LaunchRequest& request);
    // What connects the ranks, for the record: "mpirun (Open MPI) 4.1.4".
    std::string (*library)();
};

[[nodiscard]] const std::vector<LauncherEntry>& launchers();

// Throws Error(bad_input) that lists the names.
[[nodiscard]] const LauncherEntry& find_launcher(std::string_view name);

}  // namespace longscope
