// SPDX-License-Identifier: GPL-3.0-or-later
// The machine that this process runs on.
#pragma once

#include <cstdint>
#include <string>

namespace longscope {

[[nodiscard]] std::string host_name();

// How many processes the kernel has ended since it started because memory ran out; 0 where it does not say.
[[nodiscard]] std::int64_t processes_killed_for_memory();

}  // namespace longscope
