// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/newer_schema.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "storage/own_schema.h"

namespace longscope {

namespace {

std::vector<std::string> column_names(SQLite::Database& handle, const std::string& table) {
    std::vector<std::string> names;
    SQLite::Statement row(handle, "SELECT name FROM pragma_table_info(?)");
    row.bind(1, table);
    while (row.executeStep()) {
        names.push_back(row.getColumn(0).getString());
    }
    return names;
}

// A column that is stored in an ordinary table: of views and virtual tables SQLite tells none without running them.
bool has_column(SQLite::Database& handle, const std::string& table, const std::string& column) {
    const int code = sqlite3_table_column_metadata(handle.getHandle(), "main", table.c_str(), column.c_str(), nullptr,
                                                   nullptr, nullptr, nullptr, nullptr);
    if (code != SQLITE_ERROR) {
        handle.check(code);
    }
    return code == SQLITE_OK;
}

bool computes_columns(SQLite::Database& handle, const std::string& table) {
    SQLite::Statement row(handle, "SELECT 1 FROM pragma_table_xinfo(?, 'main') WHERE hidden <> 0");
    row.bind(1, table);
    return row.executeStep();
}

}  // namespace

void require_known_tables(SQLite::Database& handle, const std::filesystem::path& path,
                          const std::vector<Migration>& registry, std::int64_t revision) {
    const std::int64_t newest = registry.back().revision;
    const auto refuse = [&](const std::string& what) {
        throw Error(ErrorKind::bad_input,
                    fmt::format("{}: schema revision {} is newer than this program's {}, which cannot read it: {}; "
                                "accepted: a result database of longscope",
                                path.string(), revision, newest, what));
    };
    const auto require_stored = [&](const std::string& table) {
        if (computes_columns(handle, table)) {
            refuse(fmt::format("its table {} has computed columns", table));
        }
    };
    SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    migrate(fresh, registry);
    for (const SchemaObject& object : schema_of(fresh)) {
        if (object.type != "table" || object.name.starts_with("sqlite_")) {
            continue;
        }
        for (const std::string& column : column_names(fresh, object.name)) {
            if (!has_column(handle, object.name, column)) {
                refuse(fmt::format("it has no table {} with a column {}", object.name, column));
            }
        }
        require_stored(object.name);
    }
    // SQLite reads these by itself whenever it takes in the schema.
    for (const char* statistics : {"sqlite_stat1", "sqlite_stat4"}) {
        if (has_column(handle, statistics, "tbl")) {
            require_stored(statistics);
        }
    }
}

void use_own_views(SQLite::Database& handle, const std::vector<Migration>& registry) {
    handle.exec("PRAGMA temp_store = MEMORY");  // now: what is temporary goes when this changes
    constexpr std::string_view create = "CREATE VIEW ";
    SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    migrate(fresh, registry);
    for (const SchemaObject& object : schema_of(fresh)) {
        if (object.type == "view" && object.sql.starts_with(create)) {
            handle.exec(fmt::format("CREATE TEMP VIEW {}", object.sql.substr(create.size())));
        }
    }
    // Temporary ones are exempt from both.
    for (const int what : {SQLITE_DBCONFIG_ENABLE_VIEW, SQLITE_DBCONFIG_ENABLE_TRIGGER}) {
        handle.check(sqlite3_db_config(handle.getHandle(), what, 0, nullptr));
    }
}

}  // namespace longscope
