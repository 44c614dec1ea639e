// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/cl_api.h"

#include <fmt/format.h>

namespace longscope::opencl {

Error clear_error(const cl::Error& error, std::string_view device) {
    const auto because = [&](ErrorKind kind, std::string_view words) {
        return Error(
            kind, fmt::format("opencl: {}: {} ({} gave {})", one_line(device, 100), words, error.what(), error.err()));
    };
    switch (error.err()) {
        case CL_MEM_OBJECT_ALLOCATION_FAILURE:
        case CL_OUT_OF_HOST_MEMORY:
        case CL_INVALID_BUFFER_SIZE:
            return because(ErrorKind::out_of_memory, "out of memory");
        case CL_OUT_OF_RESOURCES:
            // What drivers give when memory, registers or the time that a kernel may take run out.
            return because(ErrorKind::out_of_memory, "out of resources; a shorter sequence or fewer heads take less");
        case CL_DEVICE_NOT_AVAILABLE:
        case CL_DEVICE_NOT_FOUND:
            return because(ErrorKind::failed, "the device is lost");
        default:
            return because(ErrorKind::failed, "the device failed");
    }
}

}  // namespace longscope::opencl
