// SPDX-License-Identifier: GPL-3.0-or-later
// Databases that the inputs of database_fuzz change: a real run with the events of one repetition.
#pragma once

#include <filesystem>
#include <string>

namespace SQLite {
class Database;
}

namespace longscope::fuzz {

// As this program writes it, of the newest revision, in small pages.
[[nodiscard]] std::string sound_database(const std::filesystem::path& folder);

// The same tables and views without any of their constraints, as another program may make them: values that SQLite
// would have refused reach us.
[[nodiscard]] std::string unconstrained_database(const std::filesystem::path& folder);

// Applies the lines "TABLE COLUMN ROW VALUE" to a database: the value of that row becomes the JSON value, a text that
// stands for itself if it is none. Lines that do not fit are left out.
void set_values(SQLite::Database& database, std::string_view lines);

}  // namespace longscope::fuzz
