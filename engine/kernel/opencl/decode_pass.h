// SPDX-License-Identifier: GPL-3.0-or-later
// A forward call with few query rows over many keys on a processor with wide vectors (resources/opencl/wide_decode.cl):
// keys and values are read where they lie, in pages too.
#pragma once

#include "engine/kernel/kernel.h"
#include "engine/kernel/opencl/design.h"
#include "engine/kernel/opencl/device_tensor.h"
#include "engine/kernel/opencl/merge_parts.h"
#include "engine/kernel/opencl/session.h"

namespace longscope::opencl {

// Memory of the device that is kept from call to call.
struct DecodeBuffers {
    SpareBuffer queries, key_pages, value_pages, seen_rows, seen, tasks, counter;
    SpareBuffer slopes, row_positions, column_positions, biases, bias_rows;
    OutputStage output, lse;
    PartBuffers parts;
};

// Rows of one key/value head up to which this is faster than tiles of packed keys: 128 rows over 131,072 keys of 128
// elements in float32 took 83 ms on two threads, 136 rows in tiles 157 ms (longscope-engine attend).
inline constexpr std::int64_t max_decode_rows = 128;

// Are there so few rows, and keys and values of one type in memory that the device shares?
[[nodiscard]] bool is_decode(const Session& session, Design design, const AttendInput& input);

// Throws Error, cl::Error. Ends early when hooks.cancelled becomes true.
void attend_decode(Session& session, DecodeBuffers& buffers, const AttendInput& input, Partial& out,
                   const AttendHooks& hooks);

}  // namespace longscope::opencl
