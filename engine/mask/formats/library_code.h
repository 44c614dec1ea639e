// SPDX-License-Identifier: GPL-3.0-or-later
// A few lines of Python that hand a mask to a library. To add one: its function and a line in the table of
// library_code.cpp, a test line, a doc line (resources/docs/mask-formats.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/mask/formats/mask_format.h"

namespace longscope {

enum class PythonTensors { torch, paddle };

struct LibraryEntry {
    std::string_view name;
    PythonTensors tensors = PythonTensors::torch;
    std::vector<std::string_view> formats;  // the first that can hold the mask is taken
    std::string (*call)(const MaskArrays& arrays);
};

[[nodiscard]] const std::vector<LibraryEntry>& mask_libraries();

// Small arrays stand in the text; others are loaded from `folder`, where `mask convert` is to write them. Throws
// Error(bad_input) where no format of the library can hold the mask.
[[nodiscard]] std::string library_code(const LibraryEntry& library, const Mask& mask, const FormatOptions& options,
                                       const std::string& folder);

}  // namespace longscope
