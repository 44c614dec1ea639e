// SPDX-License-Identifier: GPL-3.0-or-later
// A mask in a file, as an experiment can hold it: an expression as it stands there, or the zones of another library's
// arrays. For any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "engine/base/json.h"

namespace longscope {

struct MaskFile {
    std::shared_ptr<const Json> mask;
    std::int64_t tokens = 0;  // of the sequence that it is over; 0: any
};

// Whether the path may be of arrays, which are not looked into here.
[[nodiscard]] bool may_be_mask_arrays(const std::filesystem::path& path);
// Whether a document may be a mask, good or bad, or the index of a folder of arrays.
[[nodiscard]] bool may_be_mask(const Json& document);

// Throws Error(bad_input) for what is no mask, is not square, or is of more pieces than an experiment should hold.
[[nodiscard]] MaskFile read_mask_file(const std::filesystem::path& path);

}  // namespace longscope
