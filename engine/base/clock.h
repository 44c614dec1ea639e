// SPDX-License-Identifier: GPL-3.0-or-later
// Time: integer nanoseconds everywhere.
#pragma once

#include <cstdint>
#include <string>

namespace longscope {

using Nanoseconds = std::int64_t;

// Monotonic time of this process's machine (CLOCK_MONOTONIC); comparable between processes of one machine only.
// Across machines, profiler/clock_alignment.h finds the offset.
[[nodiscard]] Nanoseconds now_ns();

// The same in processes whose now_ns() reads the same clock; 0 where the kernel does not say. It is made of the boot
// and of the time namespace (proc(5), time_namespaces(7)): a namespace may shift the clock.
[[nodiscard]] std::int64_t clock_identity();

// UTC wall-clock time as "2026-01-31T23:59:59.123Z", for records, never for durations.
[[nodiscard]] std::string utc_now_text();

}  // namespace longscope
