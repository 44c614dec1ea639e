// SPDX-License-Identifier: GPL-3.0-or-later
// Element types of queries, keys, values and outputs.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace longscope {

enum class DType { float32, bfloat16, float16 };

// In the order of the enumerators.
inline constexpr std::array<std::string_view, 3> dtype_words{"float32", "bfloat16", "float16"};

[[nodiscard]] constexpr std::int64_t size_bytes(DType dtype) {
    return dtype == DType::float32 ? 4 : 2;
}

[[nodiscard]] constexpr std::string_view to_string(DType dtype) {
    return dtype_words[static_cast<std::size_t>(dtype)];
}

}  // namespace longscope
