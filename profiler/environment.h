// SPDX-License-Identifier: GPL-3.0-or-later
// What a run ran on: read from the machine and the build, stored with every run, so that a figure can be judged later.
#pragma once

#include <string>

#include "engine/base/json.h"

namespace longscope {

struct CacheFacts {
    int level = 0;
    std::int64_t bytes = 0;
    int count = 0;  // how many of them
};

struct MachineFacts {
    std::string host;
    std::string processor;  // model name
    int cores = 0;
    int hardware_threads = 0;  // that this process may use
    std::vector<CacheFacts> caches;
    std::int64_t memory_bytes = 0;
    std::string operating_system;
};

// Through hwloc and the kernel; what cannot be found out stays empty or 0.
[[nodiscard]] MachineFacts machine_facts();

// With the build: processor, cores, caches, memory_bytes, operating_system, compiler, revision, simd_target, mpi.
[[nodiscard]] Json environment_json(const MachineFacts& machine, const std::string& mpi);

}  // namespace longscope
