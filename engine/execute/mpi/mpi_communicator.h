// SPDX-License-Identifier: GPL-3.0-or-later
// Ranks as MPI processes. The only folder besides the worker that knows MPI (target longscope_mpi).
#pragma once

#include <memory>

#include "engine/execute/communicator.h"

namespace longscope {

// MPI_Init_thread on construction, MPI_Finalize on destruction; one per process, on the main thread.
class MpiEnvironment {
  public:
    // Throws Error(failed).
    MpiEnvironment();
    MpiEnvironment(const MpiEnvironment&) = delete;
    MpiEnvironment& operator=(const MpiEnvironment&) = delete;
    MpiEnvironment(MpiEnvironment&&) = delete;
    MpiEnvironment& operator=(MpiEnvironment&&) = delete;
    ~MpiEnvironment();

    // Over all processes (a duplicate of MPI_COMM_WORLD). Must not outlive the environment.
    [[nodiscard]] std::unique_ptr<Communicator> world() const;

    // How many of them share this machine with this one, itself among them. Collective.
    [[nodiscard]] static int processes_here();

    // "Open MPI v4.1.4"
    [[nodiscard]] static std::string library_text();

    // Ends all processes of the run at once.
    [[noreturn]] static void abort(int exit_code);
};

}  // namespace longscope
