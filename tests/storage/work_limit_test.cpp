// SPDX-License-Identifier: GPL-3.0-or-later
// A file that has more to read than fits into it is refused soon, and what this program writes itself is far from that.
#include "storage/work_limit.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "storage/bind.h"
#include "storage/check.h"
#include "storage/run_copy.h"
#include "storage/run_edit.h"
#include "storage/run_list.h"
#include "storage/run_page.h"
#include "storage/run_query.h"
#include "storage/run_search.h"
#include "tests/support/circular_pages.h"
#include "tests/support/expect_error.h"
#include "tests/support/hostile_database.h"
#include "tests/support/many_runs.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

constexpr const char* why = "the file is damaged: there is more to read than in any file of its size from this program";

struct Reading {
    const char* circular;  // a table or an index
    std::function<void(Database&)> read;
};

// Of a file with two runs, of two draws each, and these of four repetitions. SQLite looks for an entry that is equal
// to the last one by its upper bound alone, so that it goes round and round.
const std::vector<Reading>& endless_readings() {
    static const std::vector<Reading> readings{
        {"run", [](Database& database) { (void)list_runs(database); }},
        {"run", [](Database& database) { RunPages(database).refresh(); }},
        {"sqlite_autoindex_draw_1", [](Database& database) { (void)list_runs(database); }},
        {"sqlite_autoindex_draw_1", [](Database& database) { (void)read_run(database, 2); }},
        {"sqlite_autoindex_repetition_1", [](Database& database) { (void)read_run(database, 2); }},
        {"sqlite_autoindex_rank_result_1", [](Database& database) { (void)read_run(database, 2); }},
        {"check_result_by_draw", [](Database& database) { (void)read_run(database, 2); }},
        {"event_by_repetition", [](Database& database) { (void)read_run(database, 2); }},
        {"event_by_repetition", [](Database& database) { (void)read_events(database, 16); }},
        {"sqlite_autoindex_plan_1", [](Database& database) { (void)read_plans(database, 4); }},
    };
    return readings;
}

TEST(WorkLimit, WhatHasNoEndIsRefused) {
    const HostileDatabaseMaker maker;
    for (const Reading& reading : endless_readings()) {
        SCOPED_TRACE(reading.circular);
        const TemporaryFolder folder;
        const auto path = folder.path() / "results.db";
        maker.make({}, path);
        make_circular(path, reading.circular);
        Database database(path, OpenMode::read_only);
        expect_error(ErrorKind::bad_input, {"results.db: cannot ", why}, [&] { reading.read(database); });
        EXPECT_FALSE(check_database(database).empty());
    }
}

TEST(WorkLimit, ASchemaOfAHundredThousandViewsIsNotTakenIn) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "results.db";
    for (const char* revision : {"3", "99"}) {
        HostileDatabaseMaker().make(
            {"",
             "PRAGMA writable_schema = ON; WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT "
             "100000) "
             "INSERT INTO sqlite_schema SELECT 'view', 'v' || x, 'v' || x, 0, 'CREATE VIEW v' || x || ' AS SELECT 1' "
             "FROM c; PRAGMA user_version = " +
                 std::string(revision),
             ""},
            path);
        expect_error(ErrorKind::bad_input, {"results.db: cannot open the database: ", why},
                     [&] { const Database database(path, OpenMode::read_only); });
        std::filesystem::remove(path);
    }
}

// SQLite's own check finds nothing wrong with it.
TEST(WorkLimit, OneLongTextOfManyRunsIsRefused) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "results.db";
    make_many_runs(path, 500, 1);
    SQLite::Database(path.string(), SQLite::OPEN_READWRITE)
        .exec(
            "UPDATE experiment SET name = CAST(zeroblob(2000000) AS TEXT) WHERE id = 1;"
            "UPDATE run SET experiment = 1");
    Database database(path, OpenMode::read_only);
    expect_error(ErrorKind::bad_input, {"results.db: cannot list the runs: ", why}, [&] { (void)list_runs(database); });
    RunFilter filter;
    filter.limit = 1;
    EXPECT_EQ(list_runs(database, filter).size(), 1U) << "the next operation has a limit of its own";
}

TEST(WorkLimit, NoValueIsReadThatIsLargerThanItsFile) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "results.db";
    const auto long_value = [](Database& database) {
        return guarded(database, "compute",
                       [&] { return database.handle().execAndGet("SELECT length(zeroblob(3000000))").getInt(); });
    };
    Database writer(path);
    EXPECT_EQ(long_value(writer), 3'000'000) << "it may be written";
    Database reader(path, OpenMode::read_only);
    expect_error(ErrorKind::failed, {"results.db: cannot compute: a value is too large"},
                 [&] { (void)long_value(reader); });
    RunStore store(writer);
    RunRecord record = sample_record();
    record.message.assign(3'000'000, 'x');
    const std::int64_t run = store.begin_run(record);
    EXPECT_EQ(read_run(reader, run).record.message.size(), 3'000'000U) << "now the file is larger";
}

// The limit grows with the file: what is far from it for some thousand runs is so for any number.
TEST(WorkLimit, WhatThisProgramWritesIsFarFromIt) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "results.db";
    make_many_runs(path, 1000, 7);
    Database database(path);
    for (int i = 0; i < 20; ++i) {
        RunStore store(database);
        store_sample_run(store);
    }
    Database merged(folder.path() / "merged.db");
    std::vector<std::pair<const char*, double>> used;
    const auto measure = [&](const char* what, const Database& measured) {
        used.emplace_back(what, measured.work_limit().used());
    };
    EXPECT_EQ(list_runs(database).size(), 1020U);
    measure("list", database);
    RunPages pages(database);
    EXPECT_EQ(pages.refresh().size(), 1020U);
    measure("pages", database);
    (void)pages.page({.filter = "a b c d", .order = RunColumn::name}, 0, 100);
    measure("a page", database);
    merge_runs(merged, database);
    measure("merge", merged);
    delete_runs(merged, {1, 2, 3});
    measure("delete", merged);
    vacuum(merged);
    measure("vacuum", merged);
    guarded(database, "check",
            [&] { EXPECT_EQ(database.handle().execAndGet("PRAGMA integrity_check").getString(), "ok"); });
    measure("SQLite's check", database);
    for (const auto& [what, share] : used) {
        EXPECT_GT(share, 0) << what;
        EXPECT_LT(share, 0.2) << what;
    }
}

}  // namespace
}  // namespace longscope
