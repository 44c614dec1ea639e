// SPDX-License-Identifier: GPL-3.0-or-later
// The operating system's own count of this process's memory.
#pragma once

#include <sys/resource.h>

#include <cstdint>

namespace longscope {

// The largest resident set so far. Ranks that are threads of one process share it.
[[nodiscard]] inline std::int64_t peak_memory_bytes() {
    struct rusage usage {};
    getrusage(RUSAGE_SELF, &usage);
    return std::int64_t{usage.ru_maxrss} * 1024;  // Linux counts in KiB
}

}  // namespace longscope
