// SPDX-License-Identifier: GPL-3.0-or-later
// Masks of other libraries as files: a folder with mask.json, which names the format, the tokens and the numbers that
// belong to it, and one .npy file an array; or, of the format dense, a .npy file alone.
#pragma once

#include <filesystem>
#include <string>

#include "engine/mask/formats/mask_arrays.h"

namespace longscope {

inline constexpr const char* mask_folder_index = "mask.json";

// Writes the folder, or the file where the name ends in .npy and there is one array and nothing else. A folder that is
// there must be empty or be one that this wrote. mask.json is written last: a folder without it is not complete.
// Throws Error(bad_input) for a path that does not suit, Error(failed) when it cannot be written.
void write_mask_arrays(const MaskArrays& arrays, const std::filesystem::path& path);

// What a folder without mask.json, or a .npy file, does not say itself.
struct MaskFolderHints {
    std::string format;       // empty: as mask.json says; otherwise it must be the same
    std::int64_t tokens = 0;  // 0: as the files say
};

// Whether the path is a folder or a .npy file, and not a file of JSON.
[[nodiscard]] bool looks_like_mask_arrays(const std::filesystem::path& path);

// Arrays are mapped, not read. Throws Error(bad_input) that names the file.
[[nodiscard]] MaskArrays read_mask_arrays(const std::filesystem::path& path, const MaskFolderHints& hints = {});

}  // namespace longscope
