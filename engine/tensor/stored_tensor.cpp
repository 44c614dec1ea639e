// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/stored_tensor.h"

#include "engine/base/error.h"
#include "engine/base/units.h"

namespace longscope {

std::int64_t checked_elements(const std::vector<std::int64_t>& shape, ElementType type, const std::string& field) {
    constexpr std::int64_t max_bytes = std::int64_t{1} << 60;
    const std::int64_t most = max_bytes / size_bytes(type);
    bool empty = false;
    for (const std::int64_t extent : shape) {
        if (extent < 0) {
            throw bad_input(field, shape_text(shape), "is not a shape", "extents of at least 0");
        }
        empty = empty || extent == 0;
    }
    if (empty) {
        return 0;
    }
    std::int64_t elements = 1;
    for (const std::int64_t extent : shape) {
        if (extent > most / elements) {
            throw bad_input(field, shape_text(shape), "is too large", "a tensor of at most 2^60 bytes");
        }
        elements *= extent;
    }
    return elements;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
    std::string text;
    for (const std::int64_t extent : shape) {
        text += (text.empty() ? "" : " x ") + format_count(extent);
    }
    return text.empty() ? "()" : text;
}

}  // namespace longscope
