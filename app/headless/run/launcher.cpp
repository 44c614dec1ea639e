// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/launcher.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "app/headless/program_files.h"
#include "engine/base/child_process.h"
#include "engine/base/error.h"
#include "engine/base/registry.h"

namespace longscope {

namespace {

void append(std::vector<std::string>& words, const std::vector<std::string>& more) {
    words.insert(words.end(), more.begin(), more.end());
}

LaunchCommand mpirun_command(const LaunchRequest& request) {
    if (!find_program("mpirun")) {
        throw failed(
            "mpirun: not found in PATH; install Open MPI (Debian: openmpi-bin) or run the ranks as threads with "
            "--launcher threads");
    }
    const std::filesystem::path worker = own_program().parent_path() / "longscope-worker";
    if (!find_program(worker.string())) {
        throw failed(worker.string() + ": not found; build the target longscope-worker or run with --launcher threads");
    }
    LaunchCommand launch;
    // Ranks may be more than cores, and are then not bound to one each.
    launch.command = {"mpirun", "--oversubscribe", "--bind-to", "none"};
    if (request.places.hosts.empty()) {
        launch.worker = worker.filename().string();
    } else {
        append(launch.command, {"--host", request.places.hosts});
    }
    if (!request.places.remote_shell.empty()) {
        append(launch.command, {"--mca", "plm", "rsh", "--mca", "plm_rsh_agent", request.places.remote_shell});
    }
    append(launch.command, {"-n", std::to_string(request.ranks), worker.string(), request.experiment_file.string(),
                            std::to_string(request.max_events)});
    if (geteuid() == 0) {
        launch.environment = {{"OMPI_ALLOW_RUN_AS_ROOT", "1"}, {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"}};
    }
    // Open MPI looks at the machine through hwloc, which would ask the drivers of OpenCL: one that crashes would take
    // runs of other backends along.
    constexpr const char* hwloc_components = "HWLOC_COMPONENTS";
    if (std::getenv(hwloc_components) == nullptr) {  // NOLINT(concurrency-mt-unsafe): nothing sets it
        launch.environment.emplace_back(hwloc_components, "-opencl");
    }
    return launch;
}

std::string mpirun_library() {
    return first_line_of({"mpirun", "--version"});
}

LaunchCommand threads_command(const LaunchRequest& request) {
    if (!request.places.hosts.empty()) {
        throw bad_input("--hosts", request.places.hosts, "needs a process a rank", "--launcher mpirun");
    }
    return {{own_program().string(), "thread-ranks", request.experiment_file.string(), std::to_string(request.ranks),
             std::to_string(request.max_events)},
            {},
            ""};
}

std::string threads_library() {
    return "threads of one process";
}

}  // namespace

const std::vector<LauncherEntry>& launchers() {
    static const std::vector<LauncherEntry> entries{
        {"mpirun", "every rank is a process of Open MPI", mpirun_command, mpirun_library},
        {"threads", "the ranks are threads of one process", threads_command, threads_library},
    };
    return entries;
}

void LaunchPlaces::check() const {
    const auto accepted = "HOST or HOST:RANKS, with commas between them";
    std::size_t begin = 0;
    for (std::size_t end = 0; !hosts.empty() && end != std::string::npos; begin = end + 1) {
        end = hosts.find(',', begin);
        const std::string host = hosts.substr(begin, end - begin);
        const std::size_t colon = host.find(':');
        const std::string name = host.substr(0, colon);
        const auto all_of = [](const std::string& text, const char* others, auto is_kind) {
            return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
                return is_kind(c) != 0 || std::string_view(others).find(static_cast<char>(c)) != std::string_view::npos;
            });
        };
        const bool counted = colon == std::string::npos ||
                             all_of(host.substr(colon + 1), "", [](unsigned char c) { return std::isdigit(c); });
        if (!counted || name.starts_with('-') ||
            !all_of(name, ".-_", [](unsigned char c) { return std::isalnum(c); })) {
            throw bad_input("--hosts", hosts, "is no list of hosts", accepted);
        }
    }
    if (hosts.empty() && !remote_shell.empty()) {
        throw bad_input("--remote-shell", remote_shell, "has no hosts to reach", "--hosts with it");
    }
}

const LauncherEntry& find_launcher(std::string_view name) {
    return find_entry(launchers(), name, "--launcher", "a launcher");
}

}  // namespace longscope
