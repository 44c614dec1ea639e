// SPDX-License-Identifier: GPL-3.0-or-later
// Where this program is, how it was called, and what was installed with it. Everything is found from the program, so
// that the whole may be moved; a program in the build folder uses the resources of its sources.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace longscope {

// Throws Error(failed).
[[nodiscard]] std::filesystem::path own_program();

// longscope-engine in the folder of this program, which it may be.
[[nodiscard]] std::filesystem::path engine_beside();

// As it was typed, arguments separated by blanks.
[[nodiscard]] std::string own_command_line();

// A file or folder of resources/, such as "docs/experiment.md"; the name as it was given where there is none.
[[nodiscard]] std::filesystem::path resource_path(std::string_view name);

}  // namespace longscope
