// SPDX-License-Identifier: GPL-3.0-or-later
// SQLite's exceptions as ours: one line that names the file and the reason.
#pragma once

#include <filesystem>
#include <string>

#include "engine/base/error.h"

namespace SQLite {
class Exception;
}

namespace longscope {

// "the disk is full", for example.
[[nodiscard]] std::string sqlite_reason(const SQLite::Exception& exception);

// "FILE: cannot WHAT: the disk is full", for example with `what` "store a repetition". Damaged content is bad_input,
// all else failed.
[[nodiscard]] Error database_error(const SQLite::Exception& exception, const std::filesystem::path& path,
                                   const std::string& what);

}  // namespace longscope
