// SPDX-License-Identifier: GPL-3.0-or-later
// A trace of one rank whose device ran a forward and a backward pass, and the environment of its run.
#pragma once

#include "engine/trace/trace.h"

namespace longscope {

inline TraceEvent device_event(Stream stream, Category category, std::int64_t operation, Nanoseconds duration_ns,
                               double flops, std::int64_t bytes) {
    TraceEvent event;
    event.stream = stream;
    event.category = category;
    event.operation = operation;
    event.duration_ns = duration_ns;
    event.flops = flops;
    event.bytes = bytes;
    return event;
}

inline Trace both_passes_on_a_device() {
    return {1,
            {device_event(Stream::compute, Category::attend, 3, 5000, 8e6, 0),
             device_event(Stream::device_upload, Category::upload, 3, 100, 0, 4096),
             device_event(Stream::device_compute, Category::pack, 3, 200, 0, 1000),
             device_event(Stream::device_compute, Category::kernel, 3, 2000, 6e6, 3000),
             device_event(Stream::device_compute, Category::kernel, 3, 2000, 2e6, 1000),
             device_event(Stream::compute, Category::attend_backward, 4, 5000, 9e6, 0),
             device_event(Stream::device_compute, Category::kernel, 4, 4000, 9e6, 9000)}};
}

inline constexpr const char* environment_with_a_device =
    R"({"opencl": [{"name": "Example device", "peak_flops_per_s": 4e12, "read_bytes_per_s": 1e10, "driver": "1"}]})";

}  // namespace longscope
