// SPDX-License-Identifier: GPL-3.0-or-later
// Which rank gets which chunk of work, so that the busiest rank has little more than the mean.
#pragma once

#include <cstdint>
#include <vector>

namespace longscope {

enum class ChunkCounts {
    free,   // a rank may have any number of chunks
    equal,  // every rank has as many: its tokens, and so its memory, are even as well (MagiAttention's
            // dispatch)
};

// The rank of each chunk. Longest first, each to the rank with least work so far (Graham 1969: at most 4/3 of the best
// when counts are free); then moves and exchanges with the busiest rank while they help. The same for the same input.
// Equal counts are an even share; where that is no whole number, no rank has more than it is rounded up.
[[nodiscard]] std::vector<std::int64_t> assign_chunks(const std::vector<std::int64_t>& works, std::int64_t ranks,
                                                      ChunkCounts counts);

}  // namespace longscope
