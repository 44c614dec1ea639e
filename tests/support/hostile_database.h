// SPDX-License-Identifier: GPL-3.0-or-later
// Databases that carry our mark, and would keep a reader busy for days if it did what they say.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <string>
#include <vector>

#include "storage/database.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {

struct HostileDatabase {
    std::string name;
    std::string sql;      // what was done to a sound file with two runs
    std::string refusal;  // part of the line with which it is refused; empty: it can be read, as its tables are plain
};

inline std::vector<HostileDatabase> hostile_databases() {
    const std::string newer = "PRAGMA user_version = 99;";
    const std::string endless = " AS WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT ";
    const std::string hours = "instr(zeroblob(200000000), zeroblob(100000000) || x''01'')";
    const std::string forge = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = ";
    std::string views;
    for (const char* view : {"runs", "draws", "draw_statistics", "tags"}) {
        views += std::string("DROP VIEW ") + view + "; CREATE VIEW " + view + endless + "x AS run FROM c WHERE x < 0;";
    }
    const std::string run_view = "ALTER TABLE run RENAME TO was; CREATE VIEW run" + endless + "was.* FROM c, was;";
    const std::string cross_join =
        "ALTER TABLE event RENAME TO was; CREATE VIEW event AS SELECT a.* FROM was a, was b, was c, was d, was e, "
        "was f, was g;";
    const std::string computed =
        forge + "replace(sql, 'message TEXT NOT NULL', 'message TEXT AS (" + hours + ")') WHERE name = 'run';";
    const std::string statistics = "ANALYZE;" + forge + "'CREATE TABLE sqlite_stat1(tbl,idx,stat AS (" + hours +
                                   "))' WHERE name = 'sqlite_stat1';";
    const std::string checked =
        forge + "replace(sql, 'CHECK (ranks > 0)', 'CHECK (" + hours + "= 0)') WHERE name = 'run';";
    const std::string index = "CREATE INDEX slow ON note (length(text));" + forge + "'CREATE INDEX slow ON note (" +
                              hours + ")' WHERE name = 'slow';";
    const std::string trigger = "CREATE TRIGGER t AFTER INSERT ON tag BEGIN DELETE FROM run; END;";
    return {
        {"newer-endless-views", views + newer, ""},
        {"newer-trigger", trigger + newer, ""},
        {"newer-slow-check", checked + newer, ""},
        {"newer-slow-index", index + newer, ""},
        {"newer-table-is-a-view", run_view + newer, "it has no table run with a column id"},
        {"newer-cross-join", cross_join + newer, "it has no table event with a column id"},
        {"newer-virtual-table", "DROP TABLE note; CREATE VIRTUAL TABLE note USING fts5 (run, text);" + newer,
         "it has no table note with a column run"},
        {"newer-computed-column", computed + newer, "its table run has computed columns"},
        {"newer-computed-statistics", statistics + newer, "its table sqlite_stat1 has computed columns"},
        {"newer-lacks-a-column", "ALTER TABLE clock RENAME COLUMN error_ns TO doubt_ns;" + newer,
         "it has no table clock with a column error_ns"},
        {"endless-view", views, "its view runs is not one of revision"},
        {"trigger", trigger, "its trigger t is not one of revision"},
        {"computed-column", computed, "its table run is not one of revision"},
        {"computed-statistics", statistics, "its table sqlite_stat1 is not one of revision"},
        {"slow-check", checked, "its table run is not one of revision"},
        {"slow-index", index, "its index slow is not one of revision"},
        {"older-slow-check", checked + "PRAGMA user_version = 2;", "is not one of revision 2"},
        {"never-made", "PRAGMA user_version = 0;", "is not one of revision 0"},
        {"before-the-first", "PRAGMA user_version = -7;", "is not one of revision -7"},
    };
}

class HostileDatabaseMaker {
  public:
    HostileDatabaseMaker() {
        const auto file = folder_.path() / "sound.db";
        {
            Database database(file);
            RunStore store(database);
            store_sample_run(store);
            store_sample_run(store);
        }
        SQLite::Database(file.string(), SQLite::OPEN_READWRITE).exec("PRAGMA journal_mode = DELETE");
    }

    void make(const HostileDatabase& hostile, const std::filesystem::path& file) const {
        std::filesystem::copy_file(folder_.path() / "sound.db", file);
        SQLite::Database forged(file.string(), SQLite::OPEN_READWRITE);
        forged.exec("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF");
        forged.exec(hostile.sql);
    }

  private:
    TemporaryFolder folder_;
};

}  // namespace longscope
