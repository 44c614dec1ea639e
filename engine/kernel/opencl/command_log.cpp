// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/command_log.h"

#include <algorithm>

namespace longscope::opencl {

void CommandLog::add(DeviceWork work, const cl::Event& event, std::int64_t bytes, double flops) {
    if (wanted_) {
        commands_.push_back({work, event, bytes, flops});
    }
}

std::vector<DeviceCommand> CommandLog::take(const ClockMark& first, const ClockMark& last) {
    std::vector<DeviceCommand> all;
    all.reserve(commands_.size());
    for (const Entry& entry : commands_) {
        const auto time = [&](cl_profiling_info which) {
            cl_ulong device_ns = 0;
            entry.event.getProfilingInfo(which, &device_ns);
            return on_host_clock(static_cast<Nanoseconds>(device_ns), first, last);
        };
        DeviceCommand command{entry.work,
                              time(CL_PROFILING_COMMAND_QUEUED),
                              time(CL_PROFILING_COMMAND_START),
                              time(CL_PROFILING_COMMAND_END),
                              entry.bytes,
                              entry.flops};
        // The times of a driver are its own to the nanosecond only.
        command.queued_ns = std::min(command.queued_ns, command.start_ns);
        command.end_ns = std::max(command.end_ns, command.start_ns);
        all.push_back(command);
    }
    commands_.clear();
    std::stable_sort(all.begin(), all.end(),
                     [](const DeviceCommand& a, const DeviceCommand& b) { return a.start_ns < b.start_ns; });
    return all;
}

}  // namespace longscope::opencl
