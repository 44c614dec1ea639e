// SPDX-License-Identifier: GPL-3.0-or-later
// One forward call with few query rows over many keys, as when a model decodes: the heads that share a key/value head
// are computed together, so that keys and values are read from memory once.
#pragma once

#include "engine/kernel/cpu/decode_schedule.h"
#include "engine/kernel/cpu/spare_buffers.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/kernel.h"

namespace longscope::cpu {

struct DecodePlan {
    DecodeSplit split = DecodeSplit::stream;
    std::int64_t parts = 1;
};

// Rows of one key/value head up to which this is faster than tiles of packed keys: 128 rows over 131,072 keys of 128
// elements in float32 took 27 ms on two threads, 129 rows in tiles 51 ms (longscope-engine attend).
inline constexpr std::int64_t max_decode_rows = 128;

// Are there so few rows, and keys and values of one type?
[[nodiscard]] bool is_decode(const AttendInput& input);

// Parts of half a mebibyte of keys and values, of long sequences up to four: merging costs little then, and all threads
// stay busy. They depend on the problem alone, not on the number of threads.
[[nodiscard]] DecodePlan default_decode_plan(const AttendInput& input);

// Ends soon when hooks.cancelled becomes true.
void attend_decode(const AttendInput& input, Partial& out, const AttendHooks& hooks, const DecodePlan& plan,
                   const TileFunctions& functions, int threads, SpareBuffers& spare);

}  // namespace longscope::cpu
