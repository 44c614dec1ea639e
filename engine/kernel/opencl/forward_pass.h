// SPDX-License-Identifier: GPL-3.0-or-later
// A forward call, in either design of its kernel (resources/opencl/wide_forward.cl, tiled_forward.cl).
#pragma once

#include "engine/kernel/kernel.h"
#include "engine/kernel/opencl/design.h"
#include "engine/kernel/opencl/device_tensor.h"
#include "engine/kernel/opencl/merge_parts.h"
#include "engine/kernel/opencl/session.h"

namespace longscope::opencl {

// Memory of the device that is kept from call to call.
struct ForwardBuffers {
    InputStage queries, keys, values;  // of the caller's, where they are copied
    SpareBuffer packed_keys, packed_values, not_finite;
    SpareBuffer row_tiles, runs, seen, tasks, counter;
    SpareBuffer slopes, row_positions, column_positions, biases;
    OutputStage output, lse;
    PartBuffers parts;                       // of the keys
    std::shared_ptr<const ReadAhead> ahead;  // what was copied for the next call, if it is that
};

// Throws Error, cl::Error. Ends early when hooks.cancelled becomes true.
void attend_forward(Session& session, const DesignChoice& design, ForwardBuffers& buffers, const AttendInput& input,
                    Partial& out, const AttendHooks& hooks);

}  // namespace longscope::opencl
