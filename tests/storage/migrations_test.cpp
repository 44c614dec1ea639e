// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/migrations.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "engine/base/bounded_file.h"
#include "storage/embedded_sql.h"
#include "storage/run_list.h"
#include "storage/run_store.h"
#include "tests/support/expect_error.h"
#include "tests/support/paths.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

// Every object of a schema as text, in a fixed order.
std::vector<std::string> schema_of(SQLite::Database& handle) {
    std::vector<std::string> objects;
    SQLite::Statement select(handle,
                             "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1");
    while (select.executeStep()) {
        objects.push_back(select.getColumn(0).getString());
    }
    return objects;
}

std::vector<Migration> with_second(const std::string& sql) {
    std::vector<Migration> registry = migrations();
    registry.push_back({static_cast<std::int64_t>(registry.size()) + 1, "a test", sql});
    return registry;
}

// Of this program, and of one that is newer by the test's migration.
std::string present() {
    return std::to_string(migrations().back().revision);
}
std::string next() {
    return std::to_string(migrations().back().revision + 1);
}

const std::string good_sql = "ALTER TABLE run ADD COLUMN note TEXT; CREATE TABLE extra (a INTEGER) STRICT;";
const std::string bad_sql = "CREATE TABLE extra (a INTEGER) STRICT; CREATE TABLE run (oops INTEGER) STRICT;";

// A file of the present revision with one run in it.
void make_present_file(const std::filesystem::path& path) {
    Database database(path);
    RunStore store(database);
    store_sample_run(store);
}

TEST(Migrations, CountFromOneWithoutAGap) {
    std::int64_t expected = 0;
    for (const Migration& migration : migrations()) {
        EXPECT_EQ(migration.revision, ++expected);
        EXPECT_FALSE(migration.description.empty());
        EXPECT_FALSE(migration.sql.empty());
    }
    EXPECT_GT(expected, 0);
    EXPECT_THROW((void)embedded_sql("9999.sql"), Error);
}

TEST(Migrations, AnEmptyFileMigratedIsTheSchema) {
    const TemporaryFolder folder;
    Database database(folder.path() / "results.db");
    SQLite::Database plain(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    for (const Migration& migration : migrations()) {
        char name[32];
        std::snprintf(name, sizeof(name), "%04d.sql", static_cast<int>(migration.revision));
        plain.exec(
            read_bounded_file(std::filesystem::path(LONGSCOPE_SOURCE_DIR) / "resources/schemas/sql" / name, 1 << 20));
    }
    EXPECT_EQ(schema_of(database.handle()), schema_of(plain));
    EXPECT_GT(schema_of(plain).size(), 20U);
}

TEST(Migrations, AnOlderFileIsMigratedAndKeepsItsRuns) {
    for (const OpenMode mode : {OpenMode::create_or_open, OpenMode::read_only}) {
        const TemporaryFolder folder;
        const auto path = folder.path() / "results.db";
        make_present_file(path);
        const std::vector<Migration> registry = with_second(good_sql);
        Database migrated(path, OpenOptions{.mode = mode, .registry = &registry});
        EXPECT_EQ(std::to_string(migrated.revision()), next());
        ASSERT_EQ(migrated.notices().size(), 1U);
        EXPECT_NE(migrated.notices()[0].find("migrated from schema revision " + present() + " to " + next()),
                  std::string::npos);
        EXPECT_EQ(list_runs(migrated).size(), 1U);

        Database fresh(folder.path() / "fresh.db", OpenOptions{.registry = &registry});
        EXPECT_EQ(schema_of(migrated.handle()), schema_of(fresh.handle()));
    }
}

TEST(Migrations, AFailureLeavesTheFileAsItWas) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "results.db";
    make_present_file(path);
    std::vector<std::string> before;
    {
        Database database(path);
        before = schema_of(database.handle());
    }
    const std::vector<Migration> registry = with_second(bad_sql);
    expect_error(ErrorKind::bad_input, {"results.db: cannot open the database: table run already exists"},
                 [&] { const Database database(path, OpenOptions{.registry = &registry}); });
    Database database(path);
    EXPECT_EQ(std::to_string(database.revision()), present());
    EXPECT_EQ(schema_of(database.handle()), before);
    EXPECT_EQ(list_runs(database).size(), 1U);
}

TEST(Migrations, ANewerFileCanBeReadButNotWritten) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "results.db";
    const std::vector<Migration> registry = with_second(good_sql);
    make_present_file(path);
    { const Database database(path, OpenOptions{.registry = &registry}); }
    const std::string before = read_bounded_file(path, 64 << 20);

    expect_error(
        ErrorKind::bad_input,
        {"results.db: schema revision " + next() + " is newer", "accepted: revision " + present() + " and older"},
        [&] { const Database database(path); });
    Database database(path, OpenMode::read_only);
    EXPECT_EQ(std::to_string(database.revision()), next());
    ASSERT_EQ(database.notices().size(), 1U);
    EXPECT_NE(database.notices()[0].find("opened read-only"), std::string::npos);
    EXPECT_EQ(list_runs(database).size(), 1U);
    EXPECT_TRUE(read_bounded_file(path, 64 << 20) == before);
}

}  // namespace
}  // namespace longscope
