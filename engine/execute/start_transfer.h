// SPDX-License-Identifier: GPL-3.0-or-later
// Begins the transfer that an operation of a schedule stands for, out of and into the buffers of a rank.
#pragma once

#include <memory>

#include "engine/execute/communicator.h"
#include "engine/execute/rank_buffers.h"
#include "engine/parallel/schedule.h"

namespace longscope {

// The buffers must stay until the transfer is done. Throws Error(failed) for an operation that is no transfer, or whose
// sizes are not those of its buffers.
[[nodiscard]] std::unique_ptr<Transfer> start_transfer(const Operation& operation, RankBuffers& buffers,
                                                       Communicator& communicator);

}  // namespace longscope
