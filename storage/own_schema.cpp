// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/own_schema.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "engine/base/error.h"

namespace longscope {

namespace {

bool same(const SchemaObject& a, const SchemaObject& b) {
    return a.type == b.type && a.table == b.table && a.sql == b.sql;
}

// What ANALYZE leaves in a file: numbers for SQLite's planner.
bool is_of_analyze(const SchemaObject& object) {
    return object.type == "table" && object.table == object.name &&
           (object.sql == "CREATE TABLE sqlite_stat1(tbl,idx,stat)" ||
            object.sql == "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)");
}

}  // namespace

std::vector<SchemaObject> schema_of(SQLite::Database& handle) {
    std::vector<SchemaObject> objects;
    for (SQLite::Statement row(handle, "SELECT type, name, tbl_name, sql FROM main.sqlite_schema ORDER BY rowid");
         row.executeStep();) {
        objects.push_back({row.getColumn(0).getString(), row.getColumn(1).getString(), row.getColumn(2).getString(),
                           row.getColumn(3).getString()});
    }
    return objects;
}

void require_own_schema(SQLite::Database& handle, const std::filesystem::path& path,
                        const std::vector<Migration>& registry, std::int64_t revision) {
    SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    std::vector<Migration> wanted;
    std::copy_if(registry.begin(), registry.end(), std::back_inserter(wanted),
                 [&](const Migration& migration) { return migration.revision <= revision; });
    migrate(fresh, wanted);
    std::map<std::string, SchemaObject> missing;
    for (SchemaObject& object : schema_of(fresh)) {
        std::string name = object.name;
        missing.emplace(std::move(name), std::move(object));
    }
    const auto refuse = [&](const SchemaObject& object, const std::string& why) {
        throw Error(ErrorKind::bad_input,
                    fmt::format("{}: its {} {} {}; accepted: a result database of longscope", path.string(),
                                one_line(object.type, 20), one_line(object.name, 100), why));
    };
    for (const SchemaObject& theirs : schema_of(handle)) {
        const auto ours = missing.find(theirs.name);
        if (ours != missing.end() && same(ours->second, theirs)) {
            missing.erase(ours);  // a second one of this name is one too many
        } else if (!is_of_analyze(theirs)) {
            refuse(theirs, fmt::format("is not one of revision {}", revision));
        }
    }
    if (!missing.empty()) {
        refuse(missing.begin()->second, "is missing");
    }
}

}  // namespace longscope
