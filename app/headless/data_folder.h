// SPDX-License-Identifier: GPL-3.0-or-later
// Where results, and what can be made again, are kept when the user names no place.
#pragma once

#include <filesystem>

namespace longscope {

// results.db in the first of: $LONGSCOPE_DATA_FOLDER, $XDG_DATA_HOME/longscope (absolute, as its specification asks),
// $HOME/.local/share/longscope, ./longscope-data. Nothing is created.
[[nodiscard]] std::filesystem::path default_database_path();

// Where programs that are built at run time are kept: `kernels` in the first of $LONGSCOPE_CACHE_FOLDER,
// $XDG_CACHE_HOME/longscope (absolute), $HOME/.cache/longscope; empty, for nowhere, without these. Nothing is created.
[[nodiscard]] std::filesystem::path program_cache_folder();

// Makes the folders above `file` that are missing. For the default place only: a folder that the user has mistyped
// must not come into being. Throws Error(failed).
void create_folder_of(const std::filesystem::path& file);

}  // namespace longscope
