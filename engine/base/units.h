// SPDX-License-Identifier: GPL-3.0-or-later
// Quantities as people read them. Everything that is printed or drawn goes through here, so that one quantity looks
// the same in the summary, the pictures and the tables. Sizes use binary prefixes (KiB), rates and counts decimal ones.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/clock.h"

namespace longscope {

[[nodiscard]] std::string format_duration(Nanoseconds duration_ns);  // "1.23 ms"
[[nodiscard]] std::string format_bytes(std::int64_t bytes);          // "12.0 MiB"
[[nodiscard]] std::string format_count(std::int64_t count);          // "65,536"
[[nodiscard]] std::string format_short_count(double count);          // "1.23 G"
[[nodiscard]] std::string format_percent(double share);              // 0.25 -> "25.0 %", 0.005 -> "0.50 %"
[[nodiscard]] std::string format_flops_per_s(double flops_per_s);    // "123 GFLOP/s"
[[nodiscard]] std::string format_tokens(std::int64_t tokens);        // exact multiples as "64K", else "65,535"

}  // namespace longscope
