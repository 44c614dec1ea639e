// SPDX-License-Identifier: GPL-3.0-or-later
// A run that is killed at any moment leaves a database that opens, is sound, and holds every finished repetition.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/run_query.h"
#include "storage/run_store.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

constexpr std::size_t events_per_repetition = 2000;

RepetitionRecord many_events(std::int64_t index) {
    RepetitionRecord repetition = sample_repetition(index, true, 1);
    repetition.events.assign(events_per_repetition, repetition.events.front());
    return repetition;
}

// Stores repetitions until it is killed, and tells of every one by a byte once it is stored.
[[noreturn]] void write_for_ever(const std::filesystem::path& path, int reports) {
    try {
        Database database(path);
        RunStore store(database);
        const std::int64_t draw = store.add_draw(store.begin_run(sample_record()), sample_draw(0));
        for (std::int64_t index = 0;; ++index) {
            store.add_repetition(draw, many_events(index));
            if (::write(reports, "r", 1) != 1) {
                ::_exit(2);
            }
        }
    } catch (...) {
        ::_exit(1);
    }
}

// Kills the writer once it has told of `wanted` repetitions; returns how many it told of in all.
std::size_t kill_after(std::size_t wanted, const std::filesystem::path& path) {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) {
        ADD_FAILURE() << "no pipe";
        return 0;
    }
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        write_for_ever(path, ends[1]);
    }
    ::close(ends[1]);
    std::size_t told = 0;
    char byte = 0;
    while (told < wanted && ::read(ends[0], &byte, 1) == 1) {
        ++told;
    }
    EXPECT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the writer ended by itself";
    while (::read(ends[0], &byte, 1) == 1) {
        ++told;
    }
    ::close(ends[0]);
    return told;
}

void expect_sound(const std::filesystem::path& path, std::size_t told) {
    Database database(path, OpenMode::read_only);
    EXPECT_EQ(database.handle().execAndGet("PRAGMA integrity_check").getString(), "ok");
    const StoredRun run = read_run(database, 1);
    EXPECT_EQ(run.record.state, RunState::running) << "nobody was left to say otherwise";
    ASSERT_EQ(run.draws.size(), 1U);
    const std::size_t stored = run.draws[0].repetitions.size();
    EXPECT_GE(stored, told);
    EXPECT_LE(stored, told + 1) << "at most one was stored and not yet told of";
    for (const StoredRepetition& repetition : run.draws[0].repetitions) {
        EXPECT_EQ(repetition.event_count, static_cast<std::int64_t>(events_per_repetition));
        EXPECT_EQ(repetition.record.ranks.size(), 2U);
    }
}

TEST(Kill, AWriterWithAWriteAheadLog) {
    for (const std::size_t wanted : {1U, 2U, 3U, 5U, 8U}) {
        const TemporaryFolder folder;
        const std::size_t told = kill_after(wanted, folder.path() / "results.db");
        EXPECT_GE(told, wanted);
        expect_sound(folder.path() / "results.db", told);
    }
}

// Runs `action` in a child process, which must be killed by `signal`.
template <typename Action>
void expect_killed(int signal, const Action& action) {
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            action();
        } catch (...) {
            ::_exit(2);
        }
        ::_exit(1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << "status " << status;
}

// From now on the kernel kills this process at the write that would make any file larger than this.
void die_beyond(std::uintmax_t file_bytes) {
    const rlimit no_core{0, 0};
    const rlimit limit{file_bytes, file_bytes};
    if (::setrlimit(RLIMIT_CORE, &no_core) != 0 || ::setrlimit(RLIMIT_FSIZE, &limit) != 0) {
        ::_exit(3);
    }
}

// The log holds the first pages of a repetition, and no commit.
TEST(Kill, AWriterInTheMiddleOfAWriteToTheLog) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "results.db";
    const std::filesystem::path log = path.string() + "-wal";
    expect_killed(SIGXFSZ, [&] {
        Database database(path);
        RunStore store(database);
        const std::int64_t draw = store.add_draw(store.begin_run(sample_record()), sample_draw(0));
        store.add_repetition(draw, many_events(0));
        die_beyond(std::filesystem::file_size(log) + 10 * 4096);
        store.add_repetition(draw, many_events(1));
    });
    expect_sound(path, 1);
}

// A transaction has reached the file in part: whoever opens it next, even to read only, has to undo it.
TEST(Kill, AWriterInTheMiddleOfATransactionWithARollbackJournal) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "results.db";
    expect_killed(SIGKILL, [&] {
        Database database(path);
        database.handle().exec("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1");
        RunStore store(database);
        const std::int64_t draw = store.add_draw(store.begin_run(sample_record()), sample_draw(0));
        store.add_repetition(draw, many_events(0));
        database.handle().exec("BEGIN IMMEDIATE; UPDATE event SET duration_ns = 7; DELETE FROM rank_result");
        ::raise(SIGKILL);
    });
    ASSERT_GT(std::filesystem::file_size(path.string() + "-journal"), 0U) << "nothing to undo";
    expect_sound(path, 1);
}

// What is left of a file whose maker was killed is nothing yet, and becomes a database at the next opening.
TEST(Kill, TheMakerOfAFile) {
    for (const std::uintmax_t pages : {1U, 2U, 5U}) {
        const TemporaryFolder folder;
        const auto path = folder.path() / "results.db";
        expect_killed(SIGXFSZ, [&] {
            die_beyond(pages * 4096);
            const Database database(path);
        });
        ASSERT_EQ(std::filesystem::file_size(path), pages * 4096) << "killed in the middle of the commit";
        ASSERT_TRUE(std::filesystem::exists(path.string() + "-journal"));
        Database database(path);
        EXPECT_EQ(database.revision(), migrations().back().revision);
        EXPECT_EQ(database.handle().execAndGet("SELECT count(*) FROM meta").getInt(), 3);
        EXPECT_EQ(database.handle().execAndGet("PRAGMA integrity_check").getString(), "ok");
    }
}

}  // namespace
}  // namespace longscope
