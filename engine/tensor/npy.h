// SPDX-License-Identifier: GPL-3.0-or-later
// NumPy's file format (numpy.lib.format, versions 1.0, 2.0 and 3.0) for dense tensors of floating-point numbers.
#pragma once

#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "engine/tensor/stored_tensor.h"

namespace longscope {

// Looks at a whole file; `name` is for messages. Types are <f8, <f4, <f2, and V2, which is how bfloat16 of ml_dtypes is
// stored. Throws Error(bad_input) for everything else, also for files that are shorter or longer than their header
// says; Fortran order and big-endian numbers are refused.
[[nodiscard]] StoredTensor read_npy(std::span<const std::byte> file, const std::string& name);

// What stands before the elements.
[[nodiscard]] std::string npy_header(const std::vector<std::int64_t>& shape, ElementType type);

}  // namespace longscope
