// SPDX-License-Identifier: GPL-3.0-or-later
// The kernels of a run under the roof of their device: a picture, a line for each, a table as CSV.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/draw/roofline_picture.h"
#include "engine/trace/trace.h"
#include "profiler/roofline.h"

namespace longscope {

struct KernelsUnderRoof {
    std::vector<DeviceKernel> kernels;  // of all ranks; none where no device computed
    std::optional<DeviceRoof> roof;     // none where it was not measured, or where ranks had different devices

    // What a kernel reached of what it can reach: of the roof where it computes, of the reading of memory where it only
    // moves. None without a roof.
    [[nodiscard]] std::optional<double> share(const DeviceKernel& kernel) const;
    // Why there is no picture; empty where there is one.
    [[nodiscard]] std::string missing() const;
};

// Of one repetition; `environment` as it is stored with the run.
[[nodiscard]] KernelsUnderRoof kernels_under_roof(const Trace& trace, std::string_view environment);

[[nodiscard]] std::string roof_text(const DeviceRoof& roof);
[[nodiscard]] std::string byte_rate_text(double bytes_per_s);
// Everything about a kernel in one line.
[[nodiscard]] std::string kernel_text(const KernelsUnderRoof& shown, const DeviceKernel& kernel);
// With theme and size as they are by default. Only with a roof.
[[nodiscard]] RooflinePicture roofline_picture(const KernelsUnderRoof& shown, const std::string& title);
// kernel, launches, duration_ns, flops, bytes, flops_per_byte, flops_per_s, bytes_per_s, share_of_roof
[[nodiscard]] std::string kernels_csv(const KernelsUnderRoof& shown);

}  // namespace longscope
