// SPDX-License-Identifier: GPL-3.0-or-later
// OpenCL's C++ interface as this folder uses it: version 1.2 of the standard, failures as exceptions, which
// with_clear_errors() turns into ours.
#pragma once

#define CL_HPP_ENABLE_EXCEPTIONS
#define CL_HPP_TARGET_OPENCL_VERSION 120
#define CL_HPP_MINIMUM_OPENCL_VERSION 120
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <CL/opencl.hpp>
#pragma GCC diagnostic pop

#include "engine/base/error.h"
#include "engine/kernel/opencl/device_facts.h"

namespace longscope::opencl {

// Is a device that gives this code gone for good?
[[nodiscard]] bool means_lost(cl_int code);

// Out of memory is told apart from other failures; the device is named in the message.
[[nodiscard]] Error clear_error(const cl::Error& error, const DeviceFacts& device);

template <typename Work>
decltype(auto) with_clear_errors(const DeviceFacts& device, const Work& work) {
    try {
        return work();
    } catch (const cl::Error& error) {
        throw clear_error(error, device);
    }
}

}  // namespace longscope::opencl
