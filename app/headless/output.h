// SPDX-License-Identifier: GPL-3.0-or-later
// Standard output as a file that can fail: a full disk behind it must not look like success. Standard error as one
// whose failure changes nothing.
#pragma once

#include <string_view>

namespace longscope {

// Writes and flushes. Throws Error(failed) with the reason.
void write_output(std::string_view text);

// As it is to standard error. What cannot be written there is dropped: nobody is left to tell.
void write_error(std::string_view text);

// A sentence for people, on standard error.
void write_note(std::string_view text);

}  // namespace longscope
