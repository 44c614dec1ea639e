// SPDX-License-Identifier: GPL-3.0-or-later
// What every rank does for an experiment: for each draw, make its part of the inputs and of the schedule, agree on the
// plan, run the repetitions, check a sample of rows. Rank 0 reports.
#pragma once

#include <filesystem>
#include <string>

#include "app/headless/worker/message.h"
#include "engine/execute/communicator.h"
#include "engine/experiment/experiment.h"

namespace longscope {

struct SessionOptions {
    int threads = 1;                        // of this rank's kernel
    std::string library_text;               // what connects the ranks
    std::filesystem::path experiment_file;  // beside it each rank keeps its log
    std::int64_t max_events;                // that a rank keeps of a repetition
};

// Collective. `sink` is called on rank 0 only. Throws Error.
void run_session(const Experiment& experiment, Communicator& communicator, const SessionOptions& options,
                 const MessageSink& sink);

// The events that a rank keeps of a repetition when the user says nothing (0): so many that all ranks' travel and are
// stored without trouble.
[[nodiscard]] std::int64_t event_limit(std::int64_t wanted, int ranks);

// The threads of one rank when the experiment leaves them open: an even share of the processors that this process may
// use, among the ranks of one machine.
[[nodiscard]] int thread_share(std::int64_t wanted, int ranks);

}  // namespace longscope
