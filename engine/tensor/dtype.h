// SPDX-License-Identifier: GPL-3.0-or-later
// Element types of queries, keys, values and outputs.
#pragma once

#include <cstdint>
#include <string_view>

namespace longscope {

enum class DType { float32 };

[[nodiscard]] constexpr std::int64_t size_bytes(DType dtype) {
    switch (dtype) {
        case DType::float32:
            return 4;
    }
    return 0;
}

[[nodiscard]] constexpr std::string_view to_string(DType dtype) {
    switch (dtype) {
        case DType::float32:
            return "float32";
    }
    return "";
}

}  // namespace longscope
