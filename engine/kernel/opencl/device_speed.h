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

// `place` in device_facts(). Takes a fraction of a second; what comes out is kept in the folder, where there is one.
// Throws Error.
[[nodiscard]] DeviceSpeed measure_device(std::size_t place, const std::filesystem::path& program_cache);
// As it was measured before on this device with this driver, or now.
[[nodiscard]] DeviceSpeed known_device_speed(std::size_t place, const std::filesystem::path& program_cache);

}  // namespace longscope::opencl
