// SPDX-License-Identifier: GPL-3.0-or-later
// Starts the workers of a run, listens to them, stores what they report as they report it, and records how the run
// ended even when a worker, or all of them, die. It is no MPI program itself.
#pragma once

#include <string>

#include "app/headless/run/launcher.h"
#include "app/headless/run/run_folder.h"
#include "app/headless/run/run_progress.h"
#include "app/headless/run/signal_watch.h"
#include "engine/experiment/experiment.h"
#include "storage/run_store.h"

namespace longscope {

struct SuperviseInput {
    const Experiment& experiment;
    const LauncherEntry& launcher;
    const RunFolder& folder;
    const SignalWatch& signals;
    std::int64_t run;             // in the store
    Nanoseconds stall_limit_ns;   // without any news the run is timed out; 0: never
    std::int64_t max_events = 0;  // as LaunchRequest::max_events
    LaunchPlaces places = {};
    // How long the launcher may take to end once the run is over (a rank has died or failed, no worker is left), and
    // again after it was asked to; then it is killed. Open MPI's mpirun 4.1 hangs now and then when all ranks die while
    // they connect.
    Nanoseconds grace_ns = 5'000'000'000;
};

struct RunEnd {
    RunState state = RunState::failed;
    std::string message;  // why it did not end well, and what its timelines lack; empty when all is well
};

// Returns how the run ended, which is stored already. A signal cancels it, a second one ends it at once. Throws Error
// only when the store fails; the workers are ended then too.
[[nodiscard]] RunEnd supervise(const SuperviseInput& input, RunStore& store, RunProgress& progress);

}  // namespace longscope
