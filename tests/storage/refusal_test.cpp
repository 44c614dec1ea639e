// SPDX-License-Identifier: GPL-3.0-or-later
// What is not a result database is refused with one line, and left as it was.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "engine/base/bounded_file.h"
#include "storage/check.h"
#include "storage/database.h"
#include "storage/run_list.h"
#include "storage/run_page.h"
#include "storage/run_query.h"
#include "storage/run_search.h"
#include "storage/run_store.h"
#include "tests/support/expect_error.h"
#include "tests/support/hostile_database.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

constexpr std::int64_t max_bytes = 64 << 20;

void expect_refused(const std::filesystem::path& path, ErrorKind kind, const std::string& why) {
    for (const OpenMode mode : {OpenMode::create_or_open, OpenMode::read_only}) {
        expect_error(kind, {path.filename().string(), why}, [&] { const Database database(path, mode); });
    }
}

// Refused in both modes, and afterwards the same, alone in its folder.
void expect_refused_untouched(const std::filesystem::path& path, const std::string& why) {
    const std::string before = read_bounded_file(path, max_bytes);
    expect_refused(path, ErrorKind::bad_input, why);
    EXPECT_TRUE(read_bounded_file(path, max_bytes) == before) << "changed";
    for (const auto& entry : std::filesystem::directory_iterator(path.parent_path())) {
        EXPECT_EQ(entry.path(), path) << "left behind";
    }
}

TEST(Refusal, FilesThatAreNoDatabase) {
    for (const std::string& content : {std::string("x"), std::string("SQLite format 3"), std::string(100, '\0'),
                                       std::string(10'000, 'x'), std::string("SQLite format 3\0", 16)}) {
        const TemporaryFolder folder;
        write_file_atomically(folder.path() / "notes.db", content);
        expect_refused_untouched(folder.path() / "notes.db", "is not a database; accepted: a result database");
    }
}

TEST(Refusal, DatabasesOfOtherPrograms) {
    for (const char* mark : {"0", "1196444487"}) {  // none, and GeoPackage
        const TemporaryFolder folder;
        const auto path = folder.path() / "other.db";
        {
            SQLite::Database other(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
            other.exec(std::string("CREATE TABLE t (a); PRAGMA application_id = ") + mark);
        }
        expect_refused_untouched(path, "is a database of another program; accepted:");
    }
}

TEST(Refusal, AnotherProgramsUnfinishedTransactionIsNotRolledBack) {
    const TemporaryFolder folder;
    const TemporaryFolder copies;
    const auto path = folder.path() / "other.db";
    const auto copy = copies.path() / "other.db";
    {
        SQLite::Database other(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        other.exec("CREATE TABLE t (a); INSERT INTO t VALUES (randomblob(100000)); PRAGMA cache_size = 1");
        SQLite::Transaction transaction(other);
        // More than the cache holds: half of it reaches the file before the end, the undo lies in the journal.
        other.exec("UPDATE t SET a = randomblob(100000); INSERT INTO t VALUES (randomblob(100000))");
        std::filesystem::copy(path, copy);
        std::filesystem::copy(path.string() + "-journal", copy.string() + "-journal");
    }
    const std::string before = read_bounded_file(copy, max_bytes);
    const std::string journal_before = read_bounded_file(copy.string() + "-journal", max_bytes);
    ASSERT_FALSE(journal_before.empty());
    expect_refused(copy, ErrorKind::bad_input, "another program");
    EXPECT_TRUE(read_bounded_file(copy, max_bytes) == before);
    EXPECT_TRUE(read_bounded_file(copy.string() + "-journal", max_bytes) == journal_before);
}

// Only a journal that says that the file was empty before makes nothing of what is in it.
TEST(Refusal, AJournalBesideAFileThatIsNoDatabase) {
    const std::string magic("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);
    const std::string zero(4, '\0');
    const std::string three("\0\0\0\3", 4);
    for (const std::string& journal :
         {std::string(512, '\0'), magic + zero, magic + zero + zero + three + std::string(492, '\0'),
          magic + three + zero + zero + std::string(492, '\0')}) {
        const TemporaryFolder folder;
        const auto path = folder.path() / "notes.db";
        write_file_atomically(path, std::string(8192, 'x'));
        write_file_atomically(path.string() + "-journal", journal);
        expect_refused(path, ErrorKind::bad_input, "is not a database");
        EXPECT_EQ(read_bounded_file(path, max_bytes), std::string(8192, 'x'));
        EXPECT_EQ(read_bounded_file(path.string() + "-journal", max_bytes), journal);
    }
}

TEST(Refusal, PlacesWhereNoFileCanBe) {
    const TemporaryFolder folder;
    expect_refused(folder.path(), ErrorKind::bad_input, "is a folder");
    write_file_atomically(folder.path() / "file", "x");
    expect_error(ErrorKind::bad_input, {"none/results.db: the folder", "does not exist; accepted:"},
                 [&] { const Database database(folder.path() / "none" / "results.db"); });
    expect_error(ErrorKind::bad_input, {"file/results.db: the folder", "is a file; accepted:"},
                 [&] { const Database database(folder.path() / "file" / "results.db"); });
    ASSERT_EQ(::mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
    expect_refused(folder.path() / "pipe", ErrorKind::bad_input, "is a special file");
    expect_error(ErrorKind::bad_input, {"file name is empty"}, [] { const Database database(""); });
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "none"));
}

TEST(Refusal, AFolderThatTakesNoFiles) {
    // Even root cannot make a file there.
    expect_error(ErrorKind::failed, {"/proc/results.db: cannot open the database: "},
                 [] { const Database database("/proc/results.db"); });
}

TEST(Refusal, ReadingWhatIsNotThere) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "results.db";
    expect_error(ErrorKind::bad_input, {"results.db: does not exist; accepted:"},
                 [&] { const Database database(path, OpenMode::read_only); });
    EXPECT_FALSE(std::filesystem::exists(path));
    write_file_atomically(path, "");
    expect_error(ErrorKind::bad_input, {"results.db: is empty; accepted:"},
                 [&] { const Database database(path, OpenMode::read_only); });
    EXPECT_EQ(std::filesystem::file_size(path), 0U);
}

TEST(Refusal, ADamagedDatabaseIsAnErrorNotACrash) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "results.db";
    {
        Database database(path);
        RunStore store(database);
        store_sample_run(store);
    }
    const std::string sound = read_bounded_file(path, max_bytes);
    std::string damaged = sound;
    for (std::size_t i = 100; i < damaged.size(); ++i) {
        damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
    }
    for (const std::string& content : {damaged, sound.substr(0, 4096), sound.substr(0, 200)}) {
        write_file_atomically(path, content);
        expect_error(ErrorKind::bad_input, {"results.db: cannot"}, [&] {
            Database database(path, OpenMode::read_only);
            (void)list_runs(database);
        });
    }
}

// Each of them would keep SQLite busy for hours: what they say is not done, not even once, in any of the ways.
TEST(Refusal, HostileSchemasAreNotAsked) {
    const HostileDatabaseMaker maker;
    for (const HostileDatabase& hostile : hostile_databases()) {
        SCOPED_TRACE(hostile.name);
        const TemporaryFolder folder;
        const auto path = folder.path() / "results.db";
        maker.make(hostile, path);
        const std::string before = read_bounded_file(path, max_bytes);
        expect_error(ErrorKind::bad_input, {"results.db: "}, [&] { const Database database(path); });
        if (!hostile.refusal.empty()) {
            expect_error(ErrorKind::bad_input, {"results.db: ", hostile.refusal, "; accepted: a result database"},
                         [&] { const Database database(path, OpenMode::read_only); });
            EXPECT_TRUE(read_bounded_file(path, max_bytes) == before) << "changed";
            continue;
        }
        Database database(path, OpenMode::read_only);
        EXPECT_EQ(list_runs(database).size(), 2U);
        EXPECT_EQ(read_run(database, 1).draws.size(), 2U);
        EXPECT_TRUE(find_settled_runs(database, "{}", "{}", "here").empty());
        RunPages pages(database);
        EXPECT_EQ(pages.refresh().size(), 2U);
        EXPECT_EQ(list_runs(database).size(), 2U) << "after the pages";
        expect_error(ErrorKind::bad_input, {"results.db: schema revision 99 is newer"},
                     [&] { (void)check_database(database); });
        EXPECT_TRUE(read_bounded_file(path, max_bytes) == before) << "changed";
    }
}

TEST(Refusal, WhatAnalyzeLeavesIsNoReason) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "results.db";
    { const Database sound(path); }
    SQLite::Database(path.string(), SQLite::OPEN_READWRITE).exec("ANALYZE");
    for (const OpenMode mode : {OpenMode::create_or_open, OpenMode::read_only}) {
        Database database(path, mode);
        EXPECT_TRUE(list_runs(database).empty());
    }
}

TEST(Refusal, OurMarkOnAnotherSchema) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "results.db";
    const auto forge = [&](std::int64_t revision) {
        SQLite::Database forged(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        forged.exec("CREATE TABLE IF NOT EXISTS t (a); PRAGMA application_id = 0x4C534350; PRAGMA user_version = " +
                    std::to_string(revision));
    };
    for (const std::int64_t revision : {std::int64_t{0}, std::int64_t{1}, migrations().back().revision}) {
        forge(revision);
        expect_refused(path, ErrorKind::bad_input,
                       "its table t is not one of revision " + std::to_string(revision) + "; accepted: a result");
    }
    SQLite::Database(path.string(), SQLite::OPEN_READWRITE).exec("DROP TABLE t");
    expect_refused(path, ErrorKind::bad_input, "is missing; accepted: a result database");
}

}  // namespace
}  // namespace longscope
