// SPDX-License-Identifier: GPL-3.0-or-later
// The formats in which other libraries hold masks. A format turns any mask into named arrays and back. To add one: a
// file with its functions, one line in format_registry.cpp, one test line, one doc line
// (resources/docs/mask-formats.md).
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/mask/expression.h"
#include "engine/mask/formats/mask_arrays.h"

namespace longscope {

// What an export may know besides the mask itself.
struct FormatOptions {
    std::int64_t q_block = 128;  // of formats made of blocks
    std::int64_t k_block = 128;
    // Where documents begin, as far as that is known; varlen and packed try these first.
    std::vector<std::int64_t> cu_seqlens;
    // All arrays together; what would take more is refused beforehand.
    std::int64_t max_bytes = std::int64_t{1} << 32;
    const MaskExpression* expression = nullptr;  // of which the mask is made; null: not known
};

struct MaskFormat {
    std::string_view name;
    std::string_view library;
    std::string_view arrays;      // "a, b": their names
    std::string_view scalars;     // the same of the numbers besides
    std::string_view convention;  // one line
    std::string_view cannot;      // what it cannot hold, one line
    // Throws Error(bad_input) that says why where the format cannot hold the mask.
    MaskArrays (*write)(const Mask& mask, const FormatOptions& options);
    // Throws Error(bad_input) for arrays that are not what the format says. `companion` is the mask inside of blocks
    // that are kept in part, null where there is none. Null: the format is only written.
    std::unique_ptr<Mask> (*read)(const MaskArrays& arrays, const Mask* companion);
};

// The registry, in the order in which help and documentation list it.
[[nodiscard]] const std::vector<MaskFormat>& mask_formats();

// Throws Error(bad_input) under the name `field`.
[[nodiscard]] const MaskFormat& find_mask_format(std::string_view name, std::string_view field);

// Throws Error(bad_input), naming the size, when arrays of so many bytes are over the budget, and Error(out_of_memory)
// when the machine has no room for them.
void require_budget(std::string_view what, std::int64_t bytes, const FormatOptions& options);

// Why a mask does not fit: Error(bad_input) on the field "mask".
[[nodiscard]] Error does_not_fit(std::string_view format, std::string_view why, std::string_view accepted);

}  // namespace longscope
