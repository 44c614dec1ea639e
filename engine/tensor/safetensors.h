// SPDX-License-Identifier: GPL-3.0-or-later
// The safetensors format (Hugging Face, version 0.x): eight bytes with the length of a JSON header, the header, and the
// elements of named tensors.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/tensor/stored_tensor.h"

namespace longscope {

// Looks at a whole file; `name` is for messages. Tensors of types that are not floating-point numbers are left out.
// Throws Error(bad_input) when the header is too long or damaged, or ranges of elements lie outside of the file,
// overlap, leave holes, or do not fit their shapes.
[[nodiscard]] std::map<std::string, StoredTensor> read_safetensors(std::span<const std::byte> file,
                                                                   const std::string& name);

struct SafetensorsEntry {
    std::string name;
    std::vector<std::int64_t> shape;
    ElementType type = ElementType::float32;
};

// What stands before the elements, which follow in the order of the entries.
[[nodiscard]] std::string safetensors_header(const std::vector<SafetensorsEntry>& entries);

}  // namespace longscope
