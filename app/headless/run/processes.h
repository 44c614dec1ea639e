// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernel tells of processes that may end at any moment: of one that is gone it tells nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace longscope {

// The whole of a file that may be gone, or go, while it is read, as those of /proc/PID; empty then.
[[nodiscard]] std::string text_or_nothing(const std::string& path);

// One of the files of a process, such as "cmdline"; empty when the process is gone.
[[nodiscard]] std::string process_text(pid_t process, std::string_view file);

[[nodiscard]] std::vector<pid_t> all_processes();

struct ChildCount {
    std::int64_t living = 0;
    std::int64_t ended = 0;  // but not waited for
};

// The children of a process that run `program` (a file name). Nothing when the kernel does not tell, as when this
// process may open no more files.
[[nodiscard]] std::optional<ChildCount> count_children(pid_t parent, std::string_view program);

}  // namespace longscope
