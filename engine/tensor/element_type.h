// SPDX-License-Identifier: GPL-3.0-or-later
// Types in which tensors are stored in files, and their conversion from and to float32: exact where float32 has the
// value, otherwise rounded to the nearest, ties to even; infinities and NaN stay what they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/tensor/dtype.h"

namespace longscope {

enum class ElementType { float64, float32, float16, bfloat16 };

[[nodiscard]] std::int64_t size_bytes(ElementType type);
[[nodiscard]] std::string_view to_string(ElementType type);
// Throws Error(bad_input) that names `field`.
[[nodiscard]] ElementType element_type_named(std::string_view name, std::string_view field);

// The type of files for a type of kernels.
[[nodiscard]] ElementType element_type(DType dtype);
// The type in which kernels are given what is stored so: float64 becomes float32.
[[nodiscard]] DType kernel_type(ElementType type);

[[nodiscard]] float float_from_half(std::uint16_t bits);
[[nodiscard]] float float_from_bfloat16(std::uint16_t bits);
[[nodiscard]] std::uint16_t half_from_float(float value);
[[nodiscard]] std::uint16_t bfloat16_from_float(float value);

// out.size() elements, little-endian; `bytes` need not be aligned and has that many elements.
void to_float(ElementType type, std::span<const std::byte> bytes, std::span<float> out);
void from_float(std::span<const float> values, ElementType type, std::span<std::byte> out);

// Each to the nearest value that the type has.
void round_to(DType dtype, std::span<float> values);

}  // namespace longscope
