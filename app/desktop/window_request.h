// SPDX-License-Identifier: GPL-3.0-or-later
// The command line of the window, read before anything of Qt exists: asking and mistaking need no display.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace longscope {

struct WindowRequest {
    std::vector<std::string> files;
    std::string database;  // empty: that of the user
};

// An exit code where nothing is left to do: help and version are on standard output, a mistake is on standard error.
[[nodiscard]] std::optional<int> read_window_request(int argc, const char* const* argv, WindowRequest& request);

}  // namespace longscope
