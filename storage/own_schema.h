// SPDX-License-Identifier: GPL-3.0-or-later
// A schema is a program inside a file: the views, triggers, checks and computed columns of a foreign one may run
// forever. Only our own are asked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/migrations.h"

namespace SQLite {
class Database;
}

namespace longscope {

// A row of sqlite_schema.
struct SchemaObject {
    std::string type;  // table, index, view or trigger
    std::string name;
    std::string table;
    std::string sql;  // empty for what SQLite makes by itself
};

// What the main file of the connection says that it holds, in the order in which it was made.
[[nodiscard]] std::vector<SchemaObject> schema_of(SQLite::Database& handle);

// Throws Error(bad_input) unless the file holds what the registry makes up to `revision`, to the letter, and nothing
// else but the tables of ANALYZE. Temporary objects do not count. In the caller's transaction.
void require_own_schema(SQLite::Database& handle, const std::filesystem::path& path,
                        const std::vector<Migration>& registry, std::int64_t revision);

}  // namespace longscope
