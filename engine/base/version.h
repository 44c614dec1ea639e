// SPDX-License-Identifier: GPL-3.0-or-later
// What this build is. Stored with every run, and part of the plan hash: ranks of different builds refuse to start.
#pragma once

#include <string_view>

namespace longscope {

[[nodiscard]] std::string_view version_text();   // "0.1.0"
[[nodiscard]] std::string_view revision_text();  // short commit hash, "-dirty" when changed, or "unknown"
[[nodiscard]] std::string_view compiler_text();  // "GCC 12.2.0, Release, -fsanitize=..."

}  // namespace longscope
