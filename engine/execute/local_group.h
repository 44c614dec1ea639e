// SPDX-License-Identifier: GPL-3.0-or-later
// Ranks as threads of this process: the communicator of tests and of small runs without MPI.
#pragma once

#include <functional>

#include "engine/execute/communicator.h"

namespace longscope {

// Calls `run` once for every rank, each on a thread of its own, and waits for all. When one throws, the others are
// woken with an Error(failed) at their next communication, and the error of the one that failed first is thrown here.
void run_local_ranks(int ranks, const std::function<void(Communicator&)>& run);

}  // namespace longscope
