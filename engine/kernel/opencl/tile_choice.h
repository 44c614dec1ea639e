// SPDX-License-Identifier: GPL-3.0-or-later
// Shapes of tiles that were found best on a device, for a class of calls. Nothing here needs the headers of OpenCL.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace longscope::opencl {

enum class Design {
    wide,   // vectors of 16 floats, a work-item for each tile: for processors
    tiled,  // work-groups that share tiles in local memory: for GPUs
};

inline constexpr std::array<std::string_view, 2> design_words{"wide", "tiled"};

enum class Pass { forward, backward };

inline constexpr std::array<std::string_view, 2> pass_words{"forward", "backward"};

// Calls that one shape suits: inputs of every type are packed as float32, and lengths only change how many tiles there
// are.
struct ShapeClass {
    Design design = Design::wide;
    Pass pass = Pass::forward;
    std::int64_t largest_dim = 0;  // of either head dimension: one of dim_classes

    [[nodiscard]] bool operator==(const ShapeClass&) const = default;
};

// The last one stands for larger dimensions too.
inline constexpr std::array<std::int64_t, 3> dim_classes{64, 128, 256};

// Of queries, and of keys. Backward: of the rows that a task computes, and of the tiles that meet.
struct TileShape {
    std::int64_t q_tile = 0;
    std::int64_t k_tile = 0;

    [[nodiscard]] bool operator==(const TileShape&) const = default;
};

struct TileChoice {
    std::string device;  // device_key()
    ShapeClass of;
    TileShape shape;
};

}  // namespace longscope::opencl
