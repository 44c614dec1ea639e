// SPDX-License-Identifier: GPL-3.0-or-later
// A file of a newer revision, or one that says so: its tables are read when they are plain tables with the columns
// that we know; what its views, triggers and computed columns say is never asked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "storage/migrations.h"

namespace SQLite {
class Database;
}

namespace longscope {

// Throws Error(bad_input) unless the file has every table of the registry's newest revision as an ordinary table with
// all its columns and no computed one. In the caller's transaction.
void require_known_tables(SQLite::Database& handle, const std::filesystem::path& path,
                          const std::vector<Migration>& registry, std::int64_t revision);

// Puts our own views, as temporary ones, over the file's, and forbids the file's views and triggers.
void use_own_views(SQLite::Database& handle, const std::vector<Migration>& registry);

}  // namespace longscope
