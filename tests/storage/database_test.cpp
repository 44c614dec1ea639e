// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/database.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <thread>

#include "engine/base/bounded_file.h"
#include "storage/run_list.h"
#include "storage/run_store.h"
#include "tests/support/expect_error.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

std::string pragma(Database& database, const std::string& name) {
    return database.handle().execAndGet("PRAGMA " + name).getString();
}

TEST(Database, ANewFileCarriesItsMarkInTheHeader) {
    const TemporaryFolder folder;
    const Database database(folder.path() / "results.db");
    // Read while the file is open and nothing is checkpointed: the mark is in the file, not only in the log beside it.
    const std::string content = read_bounded_file(folder.path() / "results.db", 1 << 20);
    EXPECT_EQ(content.substr(68, 4), "LSCP");
    EXPECT_EQ(content.substr(60, 4), std::string("\0\0\0", 3) + static_cast<char>(migrations().back().revision));
    EXPECT_EQ(database.revision(), migrations().back().revision);
    EXPECT_TRUE(database.notices().empty());
}

TEST(Database, EveryConnectionIsSetUp) {
    const TemporaryFolder folder;
    for (const OpenMode mode : {OpenMode::create_or_open, OpenMode::create_or_open, OpenMode::read_only}) {
        Database database(folder.path() / "results.db", mode);
        EXPECT_EQ(pragma(database, "journal_mode"), "wal");
        EXPECT_EQ(pragma(database, "foreign_keys"), "1");
        EXPECT_EQ(pragma(database, "trusted_schema"), "0");
        EXPECT_EQ(pragma(database, "cell_size_check"), "1");
        EXPECT_EQ(pragma(database, "busy_timeout"), "5000");
        if (database.writable()) {
            EXPECT_EQ(pragma(database, "synchronous"), "3") << "EXTRA";
        }
    }
}

TEST(Database, SaysWhoMadeIt) {
    const TemporaryFolder folder;
    Database database(folder.path() / "results.db");
    const auto meta = [&](const std::string& key) {
        return database.handle().execAndGet("SELECT value FROM meta WHERE key = '" + key + "'").getString();
    };
    EXPECT_EQ(meta("created_by").substr(0, 10), "longscope ");
    EXPECT_EQ(meta("created_utc").back(), 'Z');
    EXPECT_FALSE(meta("revision").empty());
}

TEST(Database, AnEmptyFileBecomesADatabase) {
    const TemporaryFolder folder;
    write_file_atomically(folder.path() / "empty.db", "");
    EXPECT_EQ(Database(folder.path() / "empty.db").revision(), migrations().back().revision);
}

// Power was lost while the first pages were on their way: the beginning is missing, the journal says that nothing was
// there before.
TEST(Database, AFileThatWasNeverFinishedBecomesADatabase) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "results.db";
    const std::string journal("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7\0\0\0\0once\0\0\0\0\0\0\2\0\0\0\x10\0", 28);
    write_file_atomically(path.string() + "-journal", journal + std::string(484, '\0'));
    write_file_atomically(path, std::string(512, '\0') + std::string(7680, 'x'));
    expect_error(ErrorKind::bad_input, {"results.db: is empty"},
                 [&] { const Database database(path, OpenMode::read_only); });
    Database database(path);
    EXPECT_EQ(database.revision(), migrations().back().revision);
    EXPECT_EQ(database.handle().execAndGet("PRAGMA integrity_check").getString(), "ok");
}

TEST(Database, NamesThatSQLiteTakesForMoreAreFiles) {
    const TemporaryFolder folder;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    for (const char* name : {":memory:", "file:x?mode=memory", "a#b%41.db"}) {
        { const Database database(name); }
        EXPECT_TRUE(std::filesystem::is_regular_file(folder.path() / name)) << name;
        EXPECT_EQ(Database(name, OpenMode::read_only).revision(), migrations().back().revision) << name;
    }
    std::filesystem::current_path(before);
}

TEST(Database, WithoutAWriteAheadLogItFallsBackAndSaysSo) {
    const TemporaryFolder folder;
    // Locks by files, as for file systems without byte-range locks: no shared memory, hence no write-ahead log.
    Database database(folder.path() / "results.db", OpenOptions{.file_layer = "unix-dotfile"});
    EXPECT_EQ(pragma(database, "journal_mode"), "delete");
    EXPECT_EQ(pragma(database, "synchronous"), "3") << "EXTRA";
    ASSERT_EQ(database.notices().size(), 1U);
    EXPECT_NE(database.notices()[0].find("results.db: no write-ahead log"), std::string::npos);
    RunStore store(database);
    EXPECT_EQ(store_sample_run(store), 1);
}

TEST(Database, AReaderInTheWayOfTheWriteAheadLogIsNotWaitedForForever) {
    const TemporaryFolder folder;
    { const Database database(folder.path() / "results.db", OpenOptions{.file_layer = "unix-dotfile"}); }
    SQLite::Database reader((folder.path() / "results.db").string(), SQLite::OPEN_READONLY);
    SQLite::Transaction held(reader);
    (void)reader.execAndGet("SELECT count(*) FROM run").getInt();
    Database database(folder.path() / "results.db", OpenOptions{.busy_timeout_ms = 20});
    EXPECT_EQ(pragma(database, "journal_mode"), "delete");
    ASSERT_EQ(database.notices().size(), 1U);
    EXPECT_NE(database.notices()[0].find("locked"), std::string::npos) << database.notices()[0];
}

TEST(Database, AReaderSeesWhatAWriterCommitsMeanwhile) {
    const TemporaryFolder folder;
    Database writer(folder.path() / "results.db");
    RunStore store(writer);
    Database reader(folder.path() / "results.db", OpenMode::read_only);
    EXPECT_TRUE(list_runs(reader).empty());
    store_sample_run(store);
    EXPECT_EQ(list_runs(reader).size(), 1U);
    EXPECT_THROW(reader.handle().exec("DELETE FROM run"), SQLite::Exception);
    expect_error(ErrorKind::failed, {"results.db", "reading only"}, [&] { RunStore refused(reader); });
}

TEST(Database, ManyMayCreateOneFileAtATime) {
    const TemporaryFolder folder;
    std::vector<std::string> failures(4);
    {
        std::vector<std::jthread> openers;
        for (std::string& failure : failures) {
            openers.emplace_back([&folder, &failure] {
                try {
                    Database database(folder.path() / "results.db");
                    RunStore store(database);
                    store_sample_run(store);
                } catch (const std::exception& error) {
                    failure = error.what();
                }
            });
        }
    }
    EXPECT_EQ(failures, std::vector<std::string>(4));
    Database database(folder.path() / "results.db", OpenMode::read_only);
    EXPECT_EQ(list_runs(database).size(), 4U);
    EXPECT_EQ(pragma(database, "integrity_check"), "ok");
}

}  // namespace
}  // namespace longscope
