// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/host.h"

#include <unistd.h>

#include <array>
#include <fstream>

namespace longscope {

std::string host_name() {
    std::array<char, 256> name{};
    gethostname(name.data(), name.size() - 1);
    return name.data();
}

std::int64_t processes_killed_for_memory() {
    std::ifstream file("/proc/vmstat");
    std::string name;
    for (std::int64_t count = 0; file >> name >> count;) {
        if (name == "oom_kill") {
            return count;
        }
    }
    return 0;
}

}  // namespace longscope
