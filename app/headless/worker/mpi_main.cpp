// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-worker EXPERIMENT MAX_EVENTS: one rank, started by mpirun.
#include <cstdlib>

#include "app/headless/command_line.h"
#include "app/headless/experiment_names.h"
#include "app/headless/output.h"
#include "app/headless/worker/session.h"
#include "app/headless/worker/worker.h"
#include "engine/base/memory.h"
#include "engine/execute/mpi/mpi_communicator.h"

int main(int argc, char** argv) {
    using namespace longscope;  // NOLINT(google-build-using-namespace): this file's only function
    if (argc != 3) {
        write_error("longscope-worker: is started by 'longscope-engine run'\n");
        return exit_bad_input;
    }
    end_with_parent();
    keep_freed_memory();
    int rank = 0;
    const int exit_code = report_errors(rank, [&] {
        const MpiEnvironment environment;
        const std::unique_ptr<Communicator> world = environment.world();
        rank = world->rank();
        const int ranks_here = MpiEnvironment::processes_here();
        const int code = report_errors(rank, [&] {
            const Experiment experiment = read_experiment(argv[1], experiment_names());
            const SessionOptions options{thread_share(experiment.backend.threads, ranks_here),
                                         MpiEnvironment::library_text(), argv[1],
                                         event_limit(std::atoll(argv[2]), world->size())};
            run_session(experiment, *world, options, write_message);
        });
        if (code != exit_done) {
            // The others may be waiting for this rank.
            MpiEnvironment::abort(code);
        }
    });
    return exit_code;
}
