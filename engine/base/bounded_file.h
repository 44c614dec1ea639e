// SPDX-License-Identifier: GPL-3.0-or-later
// Reading and writing of files that the user names. Files are untrusted: their size is checked before allocation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace longscope {

// The whole file as bytes. Throws Error(bad_input) that names the file when it is missing, a folder, unreadable or
// larger than max_bytes (a file that grows while it is read is cut off by the same limit).
[[nodiscard]] std::string read_bounded_file(const std::filesystem::path& path, std::int64_t max_bytes);

// The size of what open() of the path returned. Throws Error(bad_input) when that failed or is no regular file.
[[nodiscard]] std::int64_t regular_file_size(int descriptor, const std::filesystem::path& path);

// Replaces the file's content at once: written beside it, flushed to disk, renamed over it. Throws Error(failed).
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

}  // namespace longscope
