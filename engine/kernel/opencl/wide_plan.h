// SPDX-License-Identifier: GPL-3.0-or-later
// Plans of tiles of rows in the form in which kernels for wide vectors read them (resources/opencl/wide_forward.cl).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/cpu/tile_plan.h"
#include "engine/kernel/opencl/cl_api.h"

namespace longscope::opencl {

struct WidePlan {
    std::vector<cl_int4> row_tiles;   // first row, rows, first run, runs
    std::vector<cl_int4> runs;        // first tile of keys, end, place in `seen` or -1, 0
    std::vector<std::uint32_t> seen;  // of partial tiles: columns of each group, then the bits of each row
    std::vector<std::int64_t> pairs;  // kept ones, of each tile of rows
    std::vector<std::int64_t> tiles;  // of keys, that each tile of rows meets

    void clear();
    // Cuts the tiles of keys of every tile of rows into so many parts of about one length, some perhaps empty: part p
    // of tile t becomes tile t * parts + p. Pairs count with the first part.
    void split(std::int64_t parts);
    [[nodiscard]] std::int64_t bytes() const;
};

// Adds plans from the first of `plans` on until `out` has grown to `most_bytes`; at least one. Returns how many.
std::size_t append(std::span<const TilePlan> plans, const cpu::TileGeometry& geometry, std::int64_t most_bytes,
                   WidePlan& out);

}  // namespace longscope::opencl
