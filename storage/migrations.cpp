// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/migrations.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "engine/base/clock.h"
#include "engine/base/version.h"
#include "storage/database_file.h"
#include "storage/embedded_sql.h"

namespace longscope {

namespace {

void write_meta(SQLite::Database& handle, const char* key, const std::string& value) {
    SQLite::Statement statement(handle, "INSERT INTO meta (key, value) VALUES (?, ?)");
    statement.bind(1, key);
    statement.bind(2, value);
    statement.exec();
}

// Who made the file, and when: written once, with revision 1.
void write_origin(SQLite::Database& handle) {
    write_meta(handle, "created_by", fmt::format("longscope {}", version_text()));
    write_meta(handle, "created_utc", utc_now_text());
    write_meta(handle, "revision", std::string(revision_text()));
}

}  // namespace

const std::vector<Migration>& migrations() {
    static const std::vector<Migration> registry{
        {1, "runs, draws, repetitions, events, checks", std::string(embedded_sql("0001.sql"))},
        {2, "tags and notes", std::string(embedded_sql("0002.sql"))},
        {3, "dropped events", std::string(embedded_sql("0003.sql"))},
        {4, "benches", std::string(embedded_sql("0004.sql"))},
        {5, "the backward pass", std::string(embedded_sql("0005.sql"))},
        {6, "the gradients of sinks", std::string(embedded_sql("0006.sql"))},
    };
    return registry;
}

std::int64_t schema_revision(SQLite::Database& handle) {
    return handle.execAndGet("PRAGMA user_version").getInt64();
}

std::int64_t migrate(SQLite::Database& handle, const std::vector<Migration>& registry) {
    std::int64_t applied = 0;
    for (const Migration& migration : registry) {
        if (schema_revision(handle) >= migration.revision) {
            continue;
        }
        SQLite::Transaction transaction(handle, SQLite::TransactionBehavior::IMMEDIATE);
        // Asked again with the lock held: another process may have been faster.
        if (schema_revision(handle) >= migration.revision) {
            continue;
        }
        handle.exec(migration.sql);
        if (migration.revision == 1) {
            handle.exec(fmt::format("PRAGMA application_id = {}", database_application_id));
            write_origin(handle);
        }
        handle.exec(fmt::format("PRAGMA user_version = {}", migration.revision));
        transaction.commit();
        ++applied;
    }
    return applied;
}

}  // namespace longscope
