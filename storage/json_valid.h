// SPDX-License-Identifier: GPL-3.0-or-later
// SQLite 3.38 to 3.40 takes its own JSON functions for unsafe inside a schema: under trusted_schema = OFF a CHECK that
// calls json_valid fails with "unsafe use of json_valid()". We want both, the CHECK and the setting, so each
// connection gets a json_valid that is marked as what it is. Other programs use SQLite's own.
#pragma once

namespace SQLite {
class Database;
}

namespace longscope {

// Throws SQLite::Exception.
void register_json_valid(SQLite::Database& handle);

}  // namespace longscope
