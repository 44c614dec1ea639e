// SPDX-License-Identifier: GPL-3.0-or-later
// Where results are kept when the user names no place.
#pragma once

#include <filesystem>

namespace longscope {

// results.db in the first of: $LONGSCOPE_DATA_FOLDER, $XDG_DATA_HOME/longscope (absolute, as its specification asks),
// $HOME/.local/share/longscope, ./longscope-data. Nothing is created.
[[nodiscard]] std::filesystem::path default_database_path();

// Makes the folders above `file` that are missing. For the default place only: a folder that the user has mistyped
// must not come into being. Throws Error(failed).
void create_folder_of(const std::filesystem::path& file);

}  // namespace longscope
