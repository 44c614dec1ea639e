// SPDX-License-Identifier: GPL-3.0-or-later
// Are there NaN or infinities among some numbers?
#pragma once

#include <cstdint>
#include <cstring>

namespace longscope::cpu {

// An exponent of ones is an infinity or a NaN. Integer arithmetic on many values at once, where sums of floats would have
// to be taken one after another.
[[nodiscard]] inline bool all_finite(const float* values, std::int64_t count) {
    constexpr std::uint32_t exponent = 0x7F80'0000;
    std::uint32_t found = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, values + i, sizeof bits);
        found |= static_cast<std::uint32_t>((bits & exponent) == exponent);
    }
    return found == 0;
}

}  // namespace longscope::cpu
