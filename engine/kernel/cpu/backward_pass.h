// SPDX-License-Identifier: GPL-3.0-or-later
// One backward call of the cpu kernel: all heads, tiles of keys in parallel.
#pragma once

#include "engine/kernel/cpu/spare_buffers.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/kernel.h"

namespace longscope::cpu {

// Ends soon when hooks.cancelled becomes true; what is added to `out` until then means nothing.
void attend_backward(const AttendBackwardInput& input, const AttendGradients& out, const AttendHooks& hooks,
                     const TileFunctions& functions, int threads, SpareBuffers& spare);

}  // namespace longscope::cpu
