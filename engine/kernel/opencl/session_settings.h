// SPDX-License-Identifier: GPL-3.0-or-later
// What the environment says of how a device is used.
#pragma once

#include "engine/base/clock.h"

namespace longscope::opencl {

// How many seconds a kernel, or a transfer, may take: the computation is cut into much shorter ones.
inline constexpr const char* watchdog_variable = "LONGSCOPE_OPENCL_WATCHDOG";
// Throws Error(bad_input).
[[nodiscard]] Nanoseconds asked_watchdog_ns();

// "copied": also a device that shares the caller's memory computes in memory of its own.
inline constexpr const char* memory_variable = "LONGSCOPE_OPENCL_MEMORY";
// Throws Error(bad_input).
[[nodiscard]] bool asks_for_copies();

}  // namespace longscope::opencl
