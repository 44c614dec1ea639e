// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/cl_api.h"

#include <fmt/format.h>

#include "engine/base/units.h"

namespace longscope::opencl {

bool means_lost(cl_int code) {
    switch (code) {
        case CL_DEVICE_NOT_AVAILABLE:
        case CL_DEVICE_NOT_FOUND:
        // What was valid when it was made, and is not any more.
        case CL_INVALID_DEVICE:
        case CL_INVALID_CONTEXT:
        case CL_INVALID_COMMAND_QUEUE:
            return true;
        default:
            return false;
    }
}

Error clear_error(const cl::Error& error, const DeviceFacts& device) {
    const auto because = [&](ErrorKind kind, std::string_view words) {
        return Error(kind, fmt::format("opencl: {}: {} ({} gave {})", one_line(device.name, 100), words, error.what(),
                                       error.err()));
    };
    const auto of_memory = [&](std::string_view words) {
        return because(ErrorKind::out_of_memory,
                       fmt::format("{}; it has {} and gives at most {} in one piece", words,
                                   format_bytes(device.memory_bytes), format_bytes(device.largest_allocation_bytes)));
    };
    if (means_lost(error.err())) {
        return because(ErrorKind::failed, "the device is lost");
    }
    switch (error.err()) {
        case CL_MEM_OBJECT_ALLOCATION_FAILURE:
        case CL_OUT_OF_HOST_MEMORY:
        case CL_INVALID_BUFFER_SIZE:
            return of_memory("out of memory");
        case CL_OUT_OF_RESOURCES:
            // What drivers give when memory, registers or the time that a kernel may take run out.
            return of_memory("out of resources; a shorter sequence or fewer heads take less");
        default:
            return because(ErrorKind::failed, "the device failed");
    }
}

}  // namespace longscope::opencl
