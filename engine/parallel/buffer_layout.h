// SPDX-License-Identifier: GPL-3.0-or-later
// Where the buffers of a schedule lie in one piece of memory: known before it starts, because the schedule says when
// each begins and ends. It is taken once and serves every repetition.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/parallel/schedule.h"

namespace longscope {

// One alloc of a schedule. `begin` and `end` are positions in Schedule::operations: of the alloc, and of what ends it.
// Buffers are in use together when the one begins before the other ends.
struct BufferLife {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::int64_t bytes = 0;
};

// In the order of the allocs. One that takes the number of another begins before that one ends; what is not freed ends
// behind the last operation.
[[nodiscard]] std::vector<BufferLife> buffer_lives(const Schedule& schedule);

struct BufferLayout {
    std::vector<std::int64_t> offsets_bytes;  // of each life, in their order; multiples of buffer_alignment_bytes
    std::int64_t bytes = 0;                   // all that it takes
};
inline constexpr std::int64_t buffer_alignment_bytes = 64;

// The most that is in use at any time, every buffer with what alignment adds: no layout takes less.
[[nodiscard]] std::int64_t least_layout_bytes(const std::vector<BufferLife>& lives);

// Buffers that are in use together do not overlap. Finding the smallest layout is hard (dynamic storage allocation:
// Garey and Johnson, "Computers and Intractability", 1979, SR2): orders in which each takes the lowest place that is
// free are tried until one takes the least, or their number is over. The same lives give the same layout.
[[nodiscard]] BufferLayout lay_out(const std::vector<BufferLife>& lives);

}  // namespace longscope
