// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_edit.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "storage/bind.h"
#include "storage/run_insert.h"

namespace longscope {

namespace {

void require_ended(SQLite::Database& handle, std::int64_t run) {
    SQLite::Statement state(handle, "SELECT state FROM run WHERE id = ?");
    bind_all(state, run);
    if (state.executeStep() && !is_final(run_state_from_string(state.getColumn(0).getString(), "run.state"))) {
        throw bad_input("run", std::to_string(run), "is still going on", "runs that have ended");
    }
}

}  // namespace

void delete_runs(Database& database, const std::vector<std::int64_t>& runs, const std::vector<std::int64_t>& benches) {
    in_transaction(database, "delete runs", [&] {
        SQLite::Database& handle = database.handle();
        for (const std::int64_t run : runs) {
            require_ended(handle, run);
            execute(handle, "DELETE FROM run WHERE id = ?", run);
        }
        for (const std::int64_t bench : benches) {
            execute(handle, "DELETE FROM bench WHERE id = ?", bench);
        }
        execute(handle, "DELETE FROM experiment WHERE id NOT IN (SELECT experiment FROM run)");
        execute(handle,
                "DELETE FROM environment WHERE id NOT IN (SELECT environment FROM run UNION ALL "
                "SELECT environment FROM bench)");
    });
}

void vacuum(Database& database) {
    guarded(database, "vacuum", [&] {
        // VACUUM takes SQLite's own json_valid for ours (storage/json_valid.h) and refuses it in a schema that is not
        // trusted; none of SQLite's own functions does harm.
        database.handle().exec("PRAGMA trusted_schema = ON");
        database.handle().exec("VACUUM");
        database.handle().exec("PRAGMA trusted_schema = OFF");
        database.handle().exec("PRAGMA wal_checkpoint(TRUNCATE)");
    });
}

void add_tag(Database& database, std::int64_t run, const std::string& tag) {
    constexpr std::size_t max_length = 100;
    const bool control = std::any_of(tag.begin(), tag.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (tag.empty() || tag.size() > max_length || control) {
        throw bad_input("tag", fmt::format("'{}'", tag.substr(0, max_length)), "is not a tag",
                        fmt::format("1 to {} characters on one line", max_length));
    }
    in_transaction(database, "tag a run", [&] { insert_tag(database.handle(), run, tag); });
}

bool remove_tag(Database& database, std::int64_t run, const std::string& tag) {
    return in_transaction(database, "remove a tag", [&] {
        return execute(database.handle(), "DELETE FROM tag WHERE run = ? AND name = ?", run, std::string_view(tag)) ==
               1;
    });
}

void set_note(Database& database, std::int64_t run, const std::string& text) {
    in_transaction(database, "note something of a run", [&] { replace_note(database.handle(), run, text); });
}

}  // namespace longscope
