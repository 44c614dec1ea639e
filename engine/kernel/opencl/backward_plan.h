// SPDX-License-Identifier: GPL-3.0-or-later
// Which tiles meet which, for some rows of queries, as the backward kernels read it
// (resources/opencl/backward_arguments.cl): once from the side of the queries, once from that of the keys.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernel/cpu/tile_plan.h"
#include "engine/kernel/opencl/cl_api.h"

namespace longscope::opencl {

struct BackwardSide {
    std::vector<cl_int2> ranges;      // of each kind and own tile: first run, end
    std::vector<cl_int2> runs;        // the other tile, place in `seen` or -1
    std::vector<std::uint32_t> seen;  // of partial tiles, in the order of wide_forward.cl
    std::vector<std::int64_t> met;    // of each kind and own tile: other tiles that it meets
};

struct BackwardPlan {
    BackwardSide of_queries;
    BackwardSide of_keys;
    std::vector<std::int64_t> pairs;  // of each kind and tile of rows
};

// `plans`: of each kind, tiles of `tile` rows one after the other (empty where no head has the kind).
[[nodiscard]] BackwardPlan backward_plan(const std::vector<std::vector<TilePlan>>& plans, std::int64_t tile,
                                         std::int64_t row_tiles, std::int64_t key_tiles);

// What backward_plan() takes at most for each pair of tiles.
[[nodiscard]] std::int64_t most_bytes_of_pair(std::int64_t tile);

}  // namespace longscope::opencl
