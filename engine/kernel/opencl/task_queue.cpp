// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/task_queue.h"

#include <algorithm>
#include <map>

namespace longscope::opencl {

namespace {

// What a slice should take: at its end some compute units wait for the last task, which should not count.
constexpr double slice_seconds = 0.2;
constexpr double first_slice_flops = 2e9;

}  // namespace

std::vector<cl_int2> on_device(const std::vector<QueuedTask>& tasks) {
    std::vector<cl_int2> all;
    all.reserve(tasks.size());
    for (const QueuedTask& task : tasks) {
        all.push_back({{task.head, task.tile}});
    }
    return all;
}

std::int64_t bytes_of(std::span<const QueuedTask> tasks) {
    std::map<std::int64_t, std::int64_t> shared;  // the most that a task of each reads
    std::int64_t bytes = 0;
    for (const QueuedTask& task : tasks) {
        bytes += task.own_bytes;
        std::int64_t& most = shared[task.shared];
        most = std::max(most, task.shared_bytes);
    }
    for (const auto& [what, most] : shared) {
        bytes += most;
    }
    return bytes;
}

void run_tasks(const Session& session, cl::Kernel& kernel, std::size_t group_items, cl_uint first_task,
               const std::vector<QueuedTask>& tasks, SpareBuffer& counter, const AttendHooks& hooks) {
    const cl::Buffer& next = counter.of_bytes(session, sizeof(cl_int));
    double slice_flops = first_slice_flops * static_cast<double>(session.compute_units());
    for (std::size_t begin = 0; begin < tasks.size();) {
        if (hooks.cancelled != nullptr && *hooks.cancelled) {
            return;
        }
        std::size_t end = begin;
        double flops = 0.0;
        std::int64_t pairs = 0;
        for (; end < tasks.size() && (end == begin || flops < slice_flops); ++end) {
            flops += tasks[end].flops;
            pairs += tasks[end].pairs;
        }
        const cl_int zero = 0;
        session.queue().enqueueFillBuffer(next, zero, 0, sizeof zero);
        kernel.setArg(first_task, static_cast<cl_int>(begin));
        kernel.setArg(first_task + 1, static_cast<cl_int>(end));
        kernel.setArg(first_task + 2, next);
        const auto workers = std::min(static_cast<std::size_t>(session.compute_units()), end - begin);
        const cl::NDRange items = group_items == 0 ? cl::NDRange(workers) : cl::NDRange((end - begin) * group_items);
        cl::Event done;
        session.queue().enqueueNDRangeKernel(kernel, cl::NullRange, items,
                                             cl::NDRange(std::max<std::size_t>(group_items, 1)), nullptr, &done);
        session.wait(done, hooks);
        if (session.log().is_wanted()) {
            session.log().add(DeviceWork::compute, done, bytes_of(std::span(tasks).subspan(begin, end - begin)), flops);
        }
        if (hooks.head_pairs_done != nullptr) {
            *hooks.head_pairs_done += pairs;
        }
        const double seconds = static_cast<double>(done.getProfilingInfo<CL_PROFILING_COMMAND_END>() -
                                                   done.getProfilingInfo<CL_PROFILING_COMMAND_START>()) *
                               1e-9;
        if (seconds > 0.0) {
            slice_flops = std::clamp(flops / seconds * slice_seconds, slice_flops / 4, slice_flops * 4);
        }
        begin = end;
    }
}

}  // namespace longscope::opencl
