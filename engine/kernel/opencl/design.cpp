// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/design.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "engine/base/error.h"
#include "engine/kernel/opencl/tile_tuning.h"
#include "engine/kernel/opencl/wide_geometry.h"

namespace longscope::opencl {

namespace {

// Of the work-groups of tiled.cl.
constexpr std::size_t tiled_items = 128;

}  // namespace

ForwardDesign forward_design(Design design, const TileShape& shape) {
    if (design == Design::wide) {
        return {{"elements.cl", "lanes.cl", "scoring.cl", "wide_scores.cl", "wide_forward.cl"},
                "attend_wide",
                wide_geometry(shape.q_tile, shape.k_tile),
                0};
    }
    return {{"elements.cl", "scoring.cl", "tiled.cl", "tiled_forward.cl"},
            "attend_tiled",
            wide_geometry(shape.q_tile, shape.k_tile),
            tiled_items};
}

BackwardDesign backward_design(Design design, const TileShape& shape) {
    if (design == Design::wide) {
        return {
            {"elements.cl", "lanes.cl", "scoring.cl", "wide_scores.cl", "backward_arguments.cl", "wide_backward.cl"},
            "attend_backward_wide",
            shape.k_tile,
            shape.q_tile,
            0};
    }
    return {{"elements.cl", "scoring.cl", "tiled.cl", "backward_arguments.cl", "tiled_backward.cl"},
            "attend_backward_tiled",
            shape.k_tile,
            shape.q_tile,
            tiled_items};
}

TileShape DesignChoice::shape(Pass pass, std::int64_t dim_qk, std::int64_t dim_v) const {
    return tile_shape(choices, shape_class(design, pass, dim_qk, dim_v), device);
}

Design design_for(const DeviceFacts& device) {
    const bool tiled =
        device.type != DeviceType::processor && device.work_group_items >= static_cast<std::int64_t>(tiled_items);
    return tiled ? Design::tiled : Design::wide;
}

std::optional<Design> asked_design() {
    const char* asked = std::getenv(design_variable);  // NOLINT(concurrency-mt-unsafe): nothing sets it
    if (asked == nullptr) {
        return std::nullopt;
    }
    const auto found = std::find(design_words.begin(), design_words.end(), asked);
    if (found == design_words.end()) {
        throw bad_input(design_variable, asked, "is no design of kernels",
                        fmt::format("{}", fmt::join(design_words, ", ")));
    }
    return static_cast<Design>(found - design_words.begin());
}

}  // namespace longscope::opencl
