// SPDX-License-Identifier: GPL-3.0-or-later
// What another process can ask of a run: to end.
#pragma once

#include <filesystem>

namespace longscope {

// As Ctrl-C would in the terminal where it was started; returns at once. Throws Error(failed) when it has ended already
// or its supervisor cannot be told, Error(bad_input) for what is no run folder.
void request_cancel(const std::filesystem::path& folder);

}  // namespace longscope
