// SPDX-License-Identifier: GPL-3.0-or-later
// The temporary table behind RunPages: made, and brought up to date with the file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace SQLite {
class Database;
}

namespace longscope {

// A to Z become a to z.
[[nodiscard]] std::string lower_case(std::string text);

// Makes temp.run_row, empty: a column for each field of RunRow, and `search`, what filters look into. Works on a
// connection that may only read: temporary tables are not in the file. Throws SQLite::Exception.
void create_run_rows(SQLite::Database& handle);

// Returns the runs that were read again. Throws SQLite::Exception; the table is then as it was before.
std::vector<std::int64_t> refresh_run_rows(SQLite::Database& handle);

}  // namespace longscope
