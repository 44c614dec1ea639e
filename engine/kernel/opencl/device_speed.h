// SPDX-License-Identifier: GPL-3.0-or-later
// What an OpenCL device does at most, measured on it (resources/opencl/speed.cl).
#pragma once

#include <cstddef>
#include <filesystem>

namespace longscope::opencl {

struct DeviceSpeed {
    double flops_per_s = 0.0;  // multiply-adds in float32
    double read_bytes_per_s = 0.0;
};

// `place` in device_facts(). Takes a fraction of a second. Throws Error.
[[nodiscard]] DeviceSpeed measure_device(std::size_t place, const std::filesystem::path& program_cache);

}  // namespace longscope::opencl
