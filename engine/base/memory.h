// SPDX-License-Identifier: GPL-3.0-or-later
// How much memory this machine has left for a process, by the operating system's own count, and how a process keeps
// what it has.
#pragma once

#include <cstdint>
#include <filesystem>

namespace longscope {

// What can be had without swapping: the kernel's MemAvailable, or what the control groups of this process leave of
// their limits when that is less. The largest integer when neither can be read. The folders are named for tests.
[[nodiscard]] std::int64_t available_memory_bytes(const std::filesystem::path& proc = "/proc",
                                                  const std::filesystem::path& groups = "/sys/fs/cgroup");

// From here on the buffers of one repetition are made of the memory of the one before: large blocks come from one heap
// as well, and it keeps what is freed. Otherwise each of them is mapped, and all of its pages made anew, in every
// repetition, in the middle of what is measured. For a process with one rank: the heaps of further threads are too
// small for large blocks.
void keep_freed_memory();

}  // namespace longscope
