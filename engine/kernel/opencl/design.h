// SPDX-License-Identifier: GPL-3.0-or-later
// The two designs of the forward kernel and which of them suits a device.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/opencl/device_facts.h"

namespace longscope::opencl {

enum class Design {
    wide,   // vectors of 16 floats, a work-item for each tile: for processors
    tiled,  // work-groups that share tiles in local memory: for GPUs
};

inline constexpr std::array<std::string_view, 2> design_words{"wide", "tiled"};

struct ForwardDesign {
    std::vector<std::string_view> files;  // of resources/opencl
    const char* kernel = nullptr;
    cpu::TileGeometry geometry;
    std::size_t group_items = 0;  // of the work-group that computes a task; 0: work-items take tasks from the queue
};

[[nodiscard]] ForwardDesign forward_design(Design design);

[[nodiscard]] Design design_for(const DeviceFacts& device);

// The environment variable that asks for a design in place of the one that suits the device.
inline constexpr const char* design_variable = "LONGSCOPE_OPENCL_DESIGN";

// What LONGSCOPE_OPENCL_DESIGN says. Throws Error(bad_input) that lists the words.
[[nodiscard]] std::optional<Design> asked_design();

}  // namespace longscope::opencl
