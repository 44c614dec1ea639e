// SPDX-License-Identifier: GPL-3.0-or-later
// Tasks that the work-items of a device take one after the other, in slices short enough for the caller to stay in
// touch: between slices it polls, counts and can be cancelled, and no kernel runs longer than a watchdog allows.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/kernel/opencl/session.h"

namespace longscope::opencl {

struct QueuedTask {
    cl_int head = 0;
    cl_int tile = 0;  // of the plan
    double flops = 0.0;
    std::int64_t pairs = 0;
    // What it reads and writes alone, and what it reads with the tasks of the same `shared`.
    std::int64_t own_bytes = 0;
    std::int64_t shared_bytes = 0;
    std::int64_t shared = 0;
};

// What tasks read and write when everything is read once.
[[nodiscard]] std::int64_t bytes_of(std::span<const QueuedTask> tasks);

// As kernels read them: head and tile.
[[nodiscard]] std::vector<cl_int2> on_device(const std::vector<QueuedTask>& tasks);

// `group_items`: work-items of the work-group that computes a task by its number; 0: single work-items take tasks from
// the queue. The kernel's arguments from `first_task` on are the first task of a slice, its end and the counter of the
// queue; all others are set. Adds the pairs of each slice to hooks.head_pairs_done when it has ended; ends early when
// cancelled.
void run_tasks(const Session& session, cl::Kernel& kernel, std::size_t group_items, cl_uint first_task,
               const std::vector<QueuedTask>& tasks, SpareBuffer& counter, const AttendHooks& hooks);

}  // namespace longscope::opencl
