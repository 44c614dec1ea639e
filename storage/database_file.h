// SPDX-License-Identifier: GPL-3.0-or-later
// What a path holds, asked before any SQL touches it: a file that is not ours is never changed, not even by the
// recovery that SQLite does when it first reads a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace SQLite {
class Database;
}

namespace longscope {

// "LSCP" at offset 68 of the file.
inline constexpr std::int64_t database_application_id = 0x4C534350;

// Throws Error when no database can be at `path`: missing (unless it may be created), a folder, a special file, no
// parent folder. Touches nothing.
void check_database_location(const std::filesystem::path& path, bool may_create);

// Throws Error(bad_input) unless the file behind a freshly opened handle is empty or has a header of SQLite with our
// application_id. Returns whether it is empty, or will be once SQLite has undone the transaction that was making it
// when power was lost. Reads through the handle's own descriptor and takes no lock: closing another descriptor of the
// same file would drop the locks of this process's other connections (POSIX).
bool check_database_header(SQLite::Database& handle, const std::filesystem::path& path);

// Why opening failed, from the file and its folder: "Permission denied", "Read-only file system", else `otherwise`.
[[nodiscard]] std::string open_failure_reason(const std::filesystem::path& path, bool writing,
                                              const std::string& otherwise);

}  // namespace longscope
