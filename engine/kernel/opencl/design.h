// SPDX-License-Identifier: GPL-3.0-or-later
// The two designs of the kernels and which of them suits a device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/opencl/device_facts.h"
#include "engine/kernel/opencl/tile_choice.h"

namespace longscope::opencl {

struct ForwardDesign {
    std::vector<std::string_view> files;  // of resources/opencl
    const char* kernel = nullptr;
    cpu::TileGeometry geometry;
    std::size_t group_items = 0;  // of the work-group that computes a task; 0: work-items take tasks from the queue
};

[[nodiscard]] ForwardDesign forward_design(Design design, const TileShape& shape);

struct BackwardDesign {
    std::vector<std::string_view> files;
    const char* kernel = nullptr;
    std::int64_t tile = 0;       // rows of the tiles of either side that meet in a plan
    std::int64_t part_rows = 0;  // of an own tile, that a task computes
    std::size_t group_items = 0;
};

[[nodiscard]] BackwardDesign backward_design(Design design, const TileShape& shape);

// The design of a device with the shapes of tiles that were found best there.
struct DesignChoice {
    Design design = Design::wide;
    std::vector<TileChoice> choices;
    DeviceFacts device;
    bool sub_groups = false;  // rows of the design for GPUs are reduced by these (sub_groups.h)

    [[nodiscard]] TileShape shape(Pass pass, std::int64_t dim_qk, std::int64_t dim_v) const;
};

[[nodiscard]] Design design_for(const DeviceFacts& device);

// The environment variable that asks for a design in place of the one that suits the device.
inline constexpr const char* design_variable = "LONGSCOPE_OPENCL_DESIGN";

// What LONGSCOPE_OPENCL_DESIGN says. Throws Error(bad_input) that lists the words.
[[nodiscard]] std::optional<Design> asked_design();

}  // namespace longscope::opencl
