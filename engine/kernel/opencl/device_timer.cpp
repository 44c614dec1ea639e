// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/device_timer.h"

#define CL_TARGET_OPENCL_VERSION 210
#include <CL/cl.h>

#include <array>
#include <charconv>
#include <string_view>

namespace longscope::opencl {

namespace {

// The loader calls what an older driver does not have.
bool is_of_version_2_1(cl_device_id device) {
    std::array<char, 256> text{};
    if (clGetDeviceInfo(device, CL_DEVICE_VERSION, text.size() - 1, text.data(), nullptr) != CL_SUCCESS) {
        return false;
    }
    const std::string_view version(text.data());  // "OpenCL 3.0 ..."
    constexpr std::string_view before = "OpenCL ";
    int major = 0;
    int minor = 0;
    if (version.substr(0, before.size()) != before) {
        return false;
    }
    const char* end = version.data() + version.size();
    const auto [dot, wrong] = std::from_chars(version.data() + before.size(), end, major);
    if (wrong != std::errc() || dot == end || std::from_chars(dot + 1, end, minor).ec != std::errc()) {
        return false;
    }
    return major > 2 || (major == 2 && minor >= 1);
}

}  // namespace

std::optional<std::int64_t> device_timer_ns(cl_device_id device) {
    cl_ulong device_ns = 0;
    cl_ulong host_ns = 0;  // of a clock of the driver's choice
    if (!is_of_version_2_1(device) || clGetDeviceAndHostTimer(device, &device_ns, &host_ns) != CL_SUCCESS) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(device_ns);
}

}  // namespace longscope::opencl
