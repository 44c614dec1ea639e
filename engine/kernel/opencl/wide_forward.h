// SPDX-License-Identifier: GPL-3.0-or-later
// A forward call on a processor with wide vectors (resources/opencl/wide_forward.cl).
#pragma once

#include "engine/kernel/kernel.h"
#include "engine/kernel/opencl/session.h"

namespace longscope::opencl {

// Memory of the device that is kept from call to call.
struct WideBuffers {
    SpareBuffer queries, raw;  // of the caller's, where they are copied
    SpareBuffer packed_keys, packed_values, not_finite;
    SpareBuffer row_tiles, runs, seen, tasks, counter;
    SpareBuffer slopes, row_positions, column_positions, biases;
    SpareBuffer output, lse;
};

// Throws Error, cl::Error. Ends early when hooks.cancelled becomes true.
void attend_wide(Session& session, WideBuffers& buffers, const AttendInput& input, Partial& out,
                 const AttendHooks& hooks);

}  // namespace longscope::opencl
