// SPDX-License-Identifier: GPL-3.0-or-later
// The revisions of the result database. To add one: a file in resources/schemas/sql, one line in migrations.cpp, one
// test that migrates a file of the revision before, one line in resources/docs/database.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace SQLite {
class Database;
}

namespace longscope {

struct Migration {
    std::int64_t revision;    // counts from 1 without a gap
    std::string description;  // of what it adds
    std::string sql;          // takes a file of the revision before to this one; inside a transaction
};

// The registry, in order.
[[nodiscard]] const std::vector<Migration>& migrations();

// The revision of the file: PRAGMA user_version.
[[nodiscard]] std::int64_t schema_revision(SQLite::Database& handle);

// Applies what the file lacks, one transaction a revision; an empty file gets the whole schema. Another process that
// migrates the same file at the same time is waited for. Returns the number of revisions applied. Throws
// SQLite::Exception; the file is then at the last revision that succeeded.
std::int64_t migrate(SQLite::Database& handle, const std::vector<Migration>& registry);

}  // namespace longscope
