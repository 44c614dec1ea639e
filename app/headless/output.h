// SPDX-License-Identifier: GPL-3.0-or-later
// Standard output as a file that can fail: a full disk behind it must not look like success.
#pragma once

#include <string_view>

namespace longscope {

// Writes and flushes. Throws Error(failed) with the reason.
void write_output(std::string_view text);

// A sentence for people, on standard error.
void write_note(std::string_view text);

}  // namespace longscope
