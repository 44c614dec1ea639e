// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/device_clock.h"

#include "engine/kernel/opencl/device_timer.h"

namespace longscope::opencl {

namespace {

// A mark lies between two looks at the host's clock: the closer they are the better.
constexpr int attempts = 5;

template <typename Read>
ClockMark closest(const Read& read) {
    ClockMark best;
    Nanoseconds best_width_ns = -1;
    for (int i = 0; i < attempts; ++i) {
        const Nanoseconds before_ns = now_ns();
        const auto& [device_ns, after_ns] = read();
        if (best_width_ns < 0 || after_ns - before_ns < best_width_ns) {
            best_width_ns = after_ns - before_ns;
            best = {device_ns, before_ns + best_width_ns / 2};
        }
    }
    return best;
}

}  // namespace

std::optional<ClockMark> driver_clock_mark(const cl::Device& device) {
    if (!device_timer_ns(device())) {
        return std::nullopt;
    }
    return closest([&] {
        const std::int64_t device_ns = device_timer_ns(device()).value_or(0);
        return std::pair(device_ns, now_ns());
    });
}

ClockMark queue_clock_mark(const cl::CommandQueue& queue) {
    return closest([&] {
        cl::Event marker;
        queue.enqueueMarkerWithWaitList(nullptr, &marker);
        const Nanoseconds after_ns = now_ns();
        marker.wait();
        return std::pair(static_cast<Nanoseconds>(marker.getProfilingInfo<CL_PROFILING_COMMAND_QUEUED>()), after_ns);
    });
}

ClockMark clock_mark(const cl::Device& device, const cl::CommandQueue& queue) {
    const std::optional<ClockMark> mark = driver_clock_mark(device);
    return mark ? *mark : queue_clock_mark(queue);
}

Nanoseconds on_host_clock(Nanoseconds device_ns, const ClockMark& first, const ClockMark& last) {
    const Nanoseconds first_offset_ns = first.host_ns - first.device_ns;
    const Nanoseconds span_ns = last.device_ns - first.device_ns;
    if (span_ns <= 0) {
        return device_ns + first_offset_ns;
    }
    const double drift_ns = static_cast<double>(last.host_ns - last.device_ns - first_offset_ns);
    const double share = static_cast<double>(device_ns - first.device_ns) / static_cast<double>(span_ns);
    return device_ns + first_offset_ns + static_cast<Nanoseconds>(drift_ns * share);
}

}  // namespace longscope::opencl
