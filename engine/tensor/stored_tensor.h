// SPDX-License-Identifier: GPL-3.0-or-later
// A dense tensor as it lies in a file: row-major, little-endian. A view of memory that someone else keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/tensor/element_type.h"

namespace longscope {

struct StoredTensor {
    ElementType type = ElementType::float32;
    std::vector<std::int64_t> shape;   // none is negative
    std::span<const std::byte> bytes;  // as many as type and shape say
};

// The number of elements. Throws Error(bad_input) that names `field` when an extent is negative or the tensor would
// have more than 2^60 bytes.
[[nodiscard]] std::int64_t checked_elements(const std::vector<std::int64_t>& shape, ElementType type,
                                            const std::string& field);

// "2 x 8 x 65,536 x 64"
[[nodiscard]] std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace longscope
