// SPDX-License-Identifier: GPL-3.0-or-later
// Power is lost at any moment, and what was not synced is kept, lost or torn: the next opener finds a whole database,
// with everything in it that a call had stored before it returned. That these tests would notice a loss is shown at
// the end: SQLite without synchronisation loses commits and files under the same cuts.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "engine/base/bounded_file.h"
#include "storage/export.h"
#include "storage/run_copy.h"
#include "storage/run_edit.h"
#include "storage/run_list.h"
#include "storage/run_query.h"
#include "tests/storage/losing_vfs.h"
#include "tests/support/paths.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

constexpr std::size_t cuts = 200;

// Every run with all that belongs to it, events included.
std::vector<std::string> content_of(Database& database) {
    std::vector<std::string> runs;
    for (const RunSummary& run : list_runs(database)) {
        runs.push_back(run_document(database, run.id).dump());
    }
    return runs;
}

// What is recorded, and after which operation the database held what.
class Recording {
  public:
    explicit Recording(const std::filesystem::path& folder) { LosingVfs::instance().record(folder); }

    void mark(Database& database) { mark(content_of(database)); }
    void mark(std::vector<std::string> content) { marks_.push_back({LosingVfs::instance().count(), content}); }
    void stop() { log_ = LosingVfs::instance().stop(); }

    // Writes the files of one loss of power into `folder`. Returns what the database may hold: what it held when the
    // last call had returned, or what the call that was going on would have made of it.
    std::vector<std::vector<std::string>> lose_power(std::uint64_t seed, const std::filesystem::path& folder) const {
        std::mt19937_64 chance(seed);
        const std::size_t done = std::uniform_int_distribution<std::size_t>(marks_.front().done, log_.size())(chance);
        for (const auto& [name, content] : files_after_loss(log_, done, chance)) {
            std::ofstream(folder / name, std::ios::binary) << content;
        }
        // The file of shared memory is nothing that anybody may rely on.
        std::ofstream(folder / "results.db-shm", std::ios::binary) << std::string(32'768, static_cast<char>(chance()));
        std::vector<std::vector<std::string>> allowed;
        for (std::size_t i = 0; i < marks_.size(); ++i) {
            if (i + 1 == marks_.size() || marks_[i + 1].done > done) {
                allowed.push_back(marks_[i].content);
                if (marks_[i].done > done) {
                    break;
                }
            }
        }
        return allowed;
    }

  private:
    struct Mark {
        std::size_t done;
        std::vector<std::string> content;
    };
    std::vector<Mark> marks_;
    std::vector<DiskOperation> log_;
};

class PowerLoss : public testing::TestWithParam<bool> {
  protected:
    void SetUp() override { LosingVfs::instance().offer_shared_memory(GetParam()); }
    void TearDown() override { LosingVfs::instance().offer_shared_memory(true); }

    static void expect_nothing_lost(const Recording& recording) {
        for (std::uint64_t seed = 0; seed < cuts && !HasFailure(); ++seed) {
            SCOPED_TRACE("seed " + std::to_string(seed));
            const TemporaryFolder folder;
            const auto allowed = recording.lose_power(seed, folder.path());
            ASSERT_NO_THROW(expect_one_of(allowed, folder.path() / "results.db"));
        }
    }

  private:
    static void expect_one_of(const std::vector<std::vector<std::string>>& allowed, const std::filesystem::path& path) {
        if (std::none_of(allowed.begin(), allowed.end(), [](const auto& runs) { return runs.empty(); })) {
            Database reader(path, OpenMode::read_only);
            EXPECT_NE(std::find(allowed.begin(), allowed.end(), content_of(reader)), allowed.end());
        }
        Database database(path);
        EXPECT_EQ(database.handle().execAndGet("PRAGMA integrity_check").getString(), "ok");
        EXPECT_EQ(database.revision(), migrations().back().revision);
        EXPECT_NE(std::find(allowed.begin(), allowed.end(), content_of(database)), allowed.end());
        // Whoever opens it next finds that nobody is at work any more.
        RunStore(database).mark_lost([](const std::string&, const std::string& /*host*/) { return true; });
        for (const RunSummary& run : list_runs(database)) {
            EXPECT_TRUE(is_final(run.state));
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Journals, PowerLoss, testing::Bool(),
                         [](const auto& test) { return test.param ? "WithAWriteAheadLog" : "WithARollbackJournal"; });

// As a supervisor does; `told` is called whenever something was stored.
void store_run(RunStore& store, const std::function<void()>& told) {
    RunRecord record = sample_record();
    record.state = RunState::queued;
    const std::int64_t run = store.begin_run(record);
    told();
    store.set_state(run, RunState::running, "");
    told();
    const std::int64_t draw = store.add_draw(run, sample_draw(0));
    told();
    store.add_plan(draw, 0, R"({"operations":[]})");
    told();
    for (std::int64_t index = 0; index < 8; ++index) {
        RepetitionRecord repetition = sample_repetition(index, true, 1 + index);
        const std::vector<TraceEvent> events = repetition.events;
        for (int copy = 0; copy < 10; ++copy) {
            repetition.events.insert(repetition.events.end(), events.begin(), events.end());
        }
        store.add_repetition(draw, repetition);
        told();
    }
    store.add_check(draw, {64, 2.5e-7, 1e-6, 1e-6, 1e-5, true});
    told();
    store.end_run(run, RunState::done, "");
    told();
}

TEST_P(PowerLoss, WhileTheFirstRunsAreStored) {
    const TemporaryFolder folder;
    Recording recording(folder.path());
    recording.mark(std::vector<std::string>{});
    for (int session = 0; session < 2; ++session) {
        Database database(folder.path() / "results.db");
        // The log is copied into the file all the time.
        database.handle().exec("PRAGMA wal_autocheckpoint = 12");
        RunStore store(database);
        store_run(store, [&] { recording.mark(database); });
    }
    recording.stop();
    expect_nothing_lost(recording);
}

TEST_P(PowerLoss, WhileAnOldFileIsMigrated) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "results.db";
    SQLite::Database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
        .exec(read_bounded_file(std::string(LONGSCOPE_SOURCE_DIR) + "/tests/storage/fixtures/revision-1.sql", 200'000));
    std::vector<std::string> content;
    {
        const TemporaryFolder elsewhere;
        std::filesystem::copy(path, elsewhere.path() / "results.db");
        Database migrated(elsewhere.path() / "results.db");
        content = content_of(migrated);
        ASSERT_EQ(content.size(), 2U);
    }
    Recording recording(folder.path());
    recording.mark(content);
    { const Database database(path); }
    recording.stop();
    expect_nothing_lost(recording);
}

TEST_P(PowerLoss, WhileRunsAreEdited) {
    const TemporaryFolder folder;
    const TemporaryFolder elsewhere;
    Database other(elsewhere.path() / "other.db");
    RunStore other_store(other);
    store_sample_run(other_store);
    {
        Database database(folder.path() / "results.db");
        RunStore store(database);
        for (int run = 0; run < 3; ++run) {
            store_run(store, [] {});
        }
    }
    Recording recording(folder.path());
    {
        Database database(folder.path() / "results.db");
        recording.mark(database);
        delete_runs(database, {1, 3});
        recording.mark(database);
        EXPECT_EQ(merge_runs(database, other).added, 1);
        recording.mark(database);
        vacuum(database);
        recording.mark(database);
        add_tag(database, 2, "kept");
        recording.mark(database);
        set_note(database, 2, "vacuumed");
        recording.mark(database);
    }
    recording.stop();
    expect_nothing_lost(recording);
}

TEST_P(PowerLoss, WhileRunsAreExportedToAFileOfTheirOwn) {
    const TemporaryFolder folder;
    const TemporaryFolder elsewhere;
    Database other(elsewhere.path() / "other.db");
    RunStore store(other);
    store_sample_run(store);
    Recording recording(folder.path());
    recording.mark(std::vector<std::string>{});
    write_subset(other, {1}, {}, folder.path() / "results.db");
    LosingVfs::instance().note_rename("results.db.tmp" + std::to_string(::getpid()), "results.db");
    recording.mark(other);
    recording.stop();
    for (std::uint64_t seed = 0; seed < cuts; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const TemporaryFolder after;
        (void)recording.lose_power(seed, after.path());
        if (std::filesystem::exists(after.path() / "results.db")) {
            Database subset(after.path() / "results.db", OpenMode::read_only);
            ASSERT_EQ(content_of(subset), content_of(other));
        }
    }
}

// Commits rows with plain SQLite. Returns in how many of the cuts a row that was committed is missing or the file is
// damaged.
std::size_t losses(const std::string& settings) {
    const TemporaryFolder folder;
    std::vector<std::size_t> committed;
    LosingVfs::instance().record(folder.path());
    {
        SQLite::Database database((folder.path() / "plain.db").string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        database.exec("PRAGMA synchronous = EXTRA; CREATE TABLE number (value INTEGER)");
        database.exec(settings);
        const std::size_t first = LosingVfs::instance().count();
        committed.push_back(first);
        for (int value = 0; value < 20; ++value) {
            database.exec("INSERT INTO number VALUES (7)");
            committed.push_back(LosingVfs::instance().count());
        }
    }
    const std::vector<DiskOperation> log = LosingVfs::instance().stop();
    std::size_t lost = 0;
    for (std::uint64_t seed = 0; seed < cuts; ++seed) {
        std::mt19937_64 chance(seed);
        const std::size_t done = std::uniform_int_distribution<std::size_t>(committed.front(), log.size())(chance);
        const TemporaryFolder after;
        for (const auto& [name, content] : files_after_loss(log, done, chance)) {
            std::ofstream(after.path() / name, std::ios::binary) << content;
        }
        const auto stored = std::upper_bound(committed.begin(), committed.end(), done) - committed.begin() - 1;
        try {
            SQLite::Database database((after.path() / "plain.db").string(), SQLite::OPEN_READWRITE);
            const bool whole = database.execAndGet("PRAGMA integrity_check").getString() == "ok";
            lost += whole && database.execAndGet("SELECT count(*) FROM number").getInt() >= stored ? 0 : 1;
        } catch (const SQLite::Exception&) {
            ++lost;
        }
    }
    return lost;
}

TEST(LosingVfs, FindsWhatIsLostWithoutSynchronisation) {
    EXPECT_GT(losses("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF"), 0U);
    EXPECT_GT(losses("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"), 0U) << "the last commits are not sure";
    EXPECT_GT(losses("PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF"), 0U);
    EXPECT_GT(losses("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL"), 0U)
        << "a journal that was removed may come back: the folder was not synced";
}

TEST(LosingVfs, FindsNothingWhereSQLitePromisesAll) {
    EXPECT_EQ(losses("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"), 0U);
    EXPECT_EQ(losses("PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA"), 0U);
}

}  // namespace
}  // namespace longscope
