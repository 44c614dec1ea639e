// SPDX-License-Identifier: GPL-3.0-or-later
// NumPy's file format (numpy.lib.format, versions 1.0, 2.0 and 3.0) for dense tensors. Those of floating-point numbers
// are read here, those of integers in integer_array.h.
#pragma once

#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tensor/stored_tensor.h"

namespace longscope {

// A file taken apart.
struct NpyArray {
    std::string descr;                    // the type of elements in NumPy's notation, such as <f4
    std::vector<std::int64_t> shape;      // as written: extents may be negative or too large
    std::span<const std::byte> elements;  // all that follows the header
};

// `name` is for messages. Throws Error(bad_input) for a damaged header and for Fortran order.
[[nodiscard]] NpyArray open_npy(std::span<const std::byte> file, const std::string& name);
// Throws Error(bad_input) unless the elements take as many bytes.
void require_element_bytes(const NpyArray& array, std::int64_t expected, const std::string& name);

// Looks at a whole file; `name` is for messages. Types are <f8, <f4, <f2, and V2, which is how bfloat16 of ml_dtypes is
// stored. Throws Error(bad_input) for everything else, also for files that are shorter or longer than their header
// says; Fortran order and big-endian numbers are refused.
[[nodiscard]] StoredTensor read_npy(std::span<const std::byte> file, const std::string& name);

// What stands before the elements.
[[nodiscard]] std::string npy_header(const std::vector<std::int64_t>& shape, ElementType type);
[[nodiscard]] std::string npy_header(const std::vector<std::int64_t>& shape, std::string_view descr);

}  // namespace longscope
