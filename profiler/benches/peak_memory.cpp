// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/benches/peak_memory.h"

#include <malloc.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace longscope {

namespace {

// A line of /proc/self/status (proc(5)) such as "VmHWM:     1234 kB"; 0 when it is not there.
std::int64_t status_bytes(const std::string& name) {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word) {
        if (word == name) {
            std::int64_t kibibytes = 0;
            status >> kibibytes;
            return kibibytes * 1024;
        }
    }
    return 0;
}

}  // namespace

PeakMemory::PeakMemory() {
    malloc_trim(0);
    // 5 sets the largest resident size back to what it is now.
    std::ofstream("/proc/self/clear_refs") << "5" << std::flush;
    begin_bytes_ = status_bytes("VmHWM:");
}

std::int64_t PeakMemory::grown_bytes() const {
    return std::max<std::int64_t>(0, status_bytes("VmHWM:") - begin_bytes_);
}

}  // namespace longscope
