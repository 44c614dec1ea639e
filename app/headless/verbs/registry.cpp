// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/verbs/verb.h"

namespace longscope {

const std::vector<VerbEntry>& verbs() {
    static const std::vector<VerbEntry> entries{
        {"run", "runs an experiment, stores and draws it", declare_run},
        {"sweep", "runs an experiment with every combination of values, goes on where it stopped", declare_sweep},
        {"runs", "follows, cancels and clears up runs that go on elsewhere", declare_runs},
        {"attend", "attention on your own tensors, files in, files out", declare_attend},
        {"bench", "measures Longscope itself on this machine", declare_bench},
        {"compare", "two stored runs: what differs, and by how much", declare_compare},
        {"db", "lists, shows, draws, exports, checks and merges stored runs", declare_db},
        {"devices", "lists the backends and what they run on", declare_devices},
        {"plan", "which layouts an experiment could have, and what each would cost", declare_plan},
        {"strategies", "how each strategy works, what it moves and what it needs", declare_strategies},
        {"mask", "counts and draws masks", declare_mask},
        {"verify", "another program's output against the reference: where it departs", declare_verify},
        {"thread-ranks", "", declare_thread_ranks},
        {"opencl-devices", "", declare_opencl_devices},
    };
    return entries;
}

}  // namespace longscope
