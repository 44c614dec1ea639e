// SPDX-License-Identifier: GPL-3.0-or-later
// A backward call, in either design of its kernel (resources/opencl/wide_backward.cl, tiled_backward.cl).
#pragma once

#include "engine/kernel/kernel.h"
#include "engine/kernel/opencl/design.h"
#include "engine/kernel/opencl/device_tensor.h"
#include "engine/kernel/opencl/session.h"

namespace longscope::opencl {

// One of the four tensors of a backward pass in both orders, and whether its tiles are finite.
struct PackedBothWays {
    InputStage raw;  // of the caller's, where they are copied
    SpareBuffer panels, rows, not_finite;
};

// Memory of the device that is kept from call to call.
struct BackwardBuffers {
    PackedBothWays queries, keys, values, output_gradients;
    SpareBuffer lse, delta, kinds, ranges, runs, seen, tasks, counter;
    SpareBuffer slopes, row_positions, column_positions, biases;
    OutputStage of_queries, of_keys, of_values, of_bias;
    std::shared_ptr<const ReadAhead> ahead;  // as of ForwardBuffers
};

// Throws Error, cl::Error. Ends early when hooks.cancelled becomes true.
void attend_backward(Session& session, const DesignChoice& design, BackwardBuffers& buffers,
                     const AttendBackwardInput& input, const AttendGradients& out, const AttendHooks& hooks);

}  // namespace longscope::opencl
