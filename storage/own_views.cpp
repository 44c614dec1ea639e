// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/own_views.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <map>
#include <string>

#include "engine/base/error.h"

namespace longscope {

namespace {

// What they say, by name.
std::map<std::string, std::string> programs_of(SQLite::Database& handle) {
    std::map<std::string, std::string> programs;
    for (SQLite::Statement entry(handle, "SELECT name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger')");
         entry.executeStep();) {
        programs.emplace(entry.getColumn(0).getString(), entry.getColumn(1).getString());
    }
    return programs;
}

}  // namespace

void require_own_views(SQLite::Database& handle, const std::filesystem::path& path,
                       const std::vector<Migration>& registry) {
    const std::map<std::string, std::string> theirs = programs_of(handle);
    if (theirs.empty()) {
        return;
    }
    SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    migrate(fresh, registry);
    const std::map<std::string, std::string> ours = programs_of(fresh);
    for (const auto& [name, text] : theirs) {
        if (const auto own = ours.find(name); own == ours.end() || own->second != text) {
            throw Error(ErrorKind::bad_input,
                        fmt::format("{}: its view {} is not one of revision {}; accepted: a result database of "
                                    "longscope",
                                    path.string(), one_line(name, 100), registry.back().revision));
        }
    }
}

}  // namespace longscope
