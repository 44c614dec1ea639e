// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/launcher.h"

#include <unistd.h>

#include "app/headless/program_files.h"
#include "engine/base/child_process.h"
#include "engine/base/error.h"
#include "engine/base/registry.h"

namespace longscope {

namespace {

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
    launch.command = {"mpirun",
                      "--oversubscribe",
                      "--bind-to",
                      "none",
                      "-n",
                      std::to_string(request.ranks),
                      worker.string(),
                      request.experiment_file.string(),
                      std::to_string(request.max_events)};
    launch.worker = worker.filename().string();
    if (geteuid() == 0) {
        launch.environment = {{"OMPI_ALLOW_RUN_AS_ROOT", "1"}, {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"}};
    }
    return launch;
}

std::string mpirun_library() {
    return first_line_of({"mpirun", "--version"});
}

LaunchCommand threads_command(const LaunchRequest& request) {
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

const LauncherEntry& find_launcher(std::string_view name) {
    return find_entry(launchers(), name, "--launcher", "a launcher");
}

}  // namespace longscope
