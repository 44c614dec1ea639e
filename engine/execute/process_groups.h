// SPDX-License-Identifier: GPL-3.0-or-later
// The groups of a schedule become channels of the communicator, once before it is executed.
#pragma once

#include "engine/execute/communicator.h"
#include "engine/parallel/schedule.h"

namespace longscope {

// Channel i is that of Schedule::groups[i]. All ranks call it, each with its own part of the schedule. Throws
// Error(failed) on every rank when their groups do not fit together, or when a rank does not receive from another what
// that one sends to it, in the same group and order: such a run would wait without end.
void open_groups(const Schedule& schedule, Communicator& communicator);

}  // namespace longscope
