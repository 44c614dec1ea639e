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

#include <string_view>

#include "engine/base/error.h"

namespace longscope::opencl {

// Out of memory is told apart from other failures; `device` is named in the message.
[[nodiscard]] Error clear_error(const cl::Error& error, std::string_view device);

template <typename Work>
decltype(auto) with_clear_errors(std::string_view device, const Work& work) {
    try {
        return work();
    } catch (const cl::Error& error) {
        throw clear_error(error, device);
    }
}

}  // namespace longscope::opencl
