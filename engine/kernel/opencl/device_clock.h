// SPDX-License-Identifier: GPL-3.0-or-later
// The clock of a device's events, read off beside the process's own.
#pragma once

#include <optional>

#include "engine/base/clock.h"
#include "engine/kernel/opencl/cl_api.h"

namespace longscope::opencl {

// One moment on both clocks.
struct ClockMark {
    Nanoseconds device_ns = 0;
    Nanoseconds host_ns = 0;  // of now_ns()
};

// Both clocks read by the driver at once, where it is of OpenCL 2.1 or later and can; none otherwise.
[[nodiscard]] std::optional<ClockMark> driver_clock_mark(const cl::Device& device);
// From when a marker was queued, which the host does itself. Waits for what is in the queue.
[[nodiscard]] ClockMark queue_clock_mark(const cl::CommandQueue& queue);
// The better of them.
[[nodiscard]] ClockMark clock_mark(const cl::Device& device, const cl::CommandQueue& queue);

// Two clocks may run at speeds that differ a little: between two marks the distance changes evenly.
[[nodiscard]] Nanoseconds on_host_clock(Nanoseconds device_ns, const ClockMark& first, const ClockMark& last);

}  // namespace longscope::opencl
