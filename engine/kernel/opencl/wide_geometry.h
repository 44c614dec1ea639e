// SPDX-License-Identifier: GPL-3.0-or-later
// The shapes of tiles that the host and resources/opencl/wide_*.cl agree on.
#pragma once

#include <cstdint>

#include "engine/kernel/cpu/tile_functions.h"

namespace longscope::opencl {

// As in lanes.cl.
inline constexpr std::int64_t wide_lanes = 16;
inline constexpr std::int64_t wide_panel = 2 * wide_lanes;
inline constexpr std::int64_t wide_row_group = 12;

// What a product sums over is filled up with zeros to so many elements.
[[nodiscard]] constexpr std::int64_t padded_to_steps(std::int64_t elements) {
    constexpr std::int64_t step = 4;
    return (elements + step - 1) / step * step;
}

// Right factors have whole panels.
[[nodiscard]] constexpr std::int64_t padded_to_panels(std::int64_t elements) {
    return (elements + wide_panel - 1) / wide_panel * wide_panel;
}

// Tiles as the planner of the cpu backend knows them: the planner is the same.
[[nodiscard]] constexpr cpu::TileGeometry wide_geometry(std::int64_t q_tile, std::int64_t k_tile) {
    return {wide_lanes, wide_panel, wide_row_group, q_tile, k_tile, q_tile, k_tile, 1, 1};
}

}  // namespace longscope::opencl
