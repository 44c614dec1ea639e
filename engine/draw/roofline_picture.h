// SPDX-License-Identifier: GPL-3.0-or-later
// Kernels under the roof of a device: operations a second over operations a byte, both on logarithmic axes.
#pragma once

#include <string>
#include <vector>

#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"

namespace longscope {

struct RooflineMark {
    double flops_per_byte = 0.0;
    double flops_per_s = 0.0;
};

struct RooflineKernel {
    std::string name;
    std::vector<RooflineMark> launches;
    RooflineMark all;  // of all launches together
};

struct RooflinePicture {
    std::string title;
    std::string caption;
    double peak_flops_per_s = 0.0;
    double read_bytes_per_s = 0.0;
    std::vector<RooflineKernel> kernels;  // those that compute; what is not positive has no place
    Theme theme = light_theme();
    double width = 640;
    double height = 420;
};

[[nodiscard]] DisplayList draw_roofline(const RooflinePicture& picture);

}  // namespace longscope
