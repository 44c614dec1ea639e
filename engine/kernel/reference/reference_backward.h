// SPDX-License-Identifier: GPL-3.0-or-later
// The backward pass of the reference kernel: float64 throughout, rounded once, where it is added to the gradients.
#pragma once

#include "engine/base/thread_team.h"
#include "engine/kernel/kernel.h"

namespace longscope {

// As Kernel::attend_backward. Goes over the pairs twice, row by row for the gradients of queries and key by key for
// those of keys and values, so that every sum is formed by one thread in a fixed order.
void reference_backward(ThreadTeam& team, const AttendBackwardInput& input, const AttendGradients& out,
                        const AttendHooks& hooks);

}  // namespace longscope
