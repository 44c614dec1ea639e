// SPDX-License-Identifier: GPL-3.0-or-later
// How much memory this machine has left for a process, by the operating system's own count.
#pragma once

#include <cstdint>
#include <filesystem>

namespace longscope {

// What can be had without swapping: the kernel's MemAvailable, or what the control groups of this process leave of
// their limits when that is less. The largest integer when neither can be read. The folders are named for tests.
[[nodiscard]] std::int64_t available_memory_bytes(const std::filesystem::path& proc = "/proc",
                                                  const std::filesystem::path& groups = "/sys/fs/cgroup");

}  // namespace longscope
