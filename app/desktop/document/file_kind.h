// SPDX-License-Identifier: GPL-3.0-or-later
// What a file is that the user wants to open, by its content.
#pragma once

#include <filesystem>

namespace longscope {

enum class FileKind { experiment, lengths, database };

// A histogram counts as lengths. Whether a database is one of ours is not looked at. Throws Error(bad_input) for what
// is neither, or cannot be read.
[[nodiscard]] FileKind kind_of_file(const std::filesystem::path& path);

}  // namespace longscope
