// SPDX-License-Identifier: GPL-3.0-or-later
// Other processes list, show, export and check a database all the time while a run is written: nobody meets an error,
// the writer is not held up beyond its timeout, and a repetition is seen whole or not at all.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "storage/check.h"
#include "storage/export.h"
#include "storage/run_edit.h"
#include "storage/run_list.h"
#include "storage/run_query.h"
#include "storage/run_store.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

constexpr std::size_t events_per_repetition = 40;
constexpr std::int64_t rounds_per_reader = 60;
constexpr std::int64_t max_repetitions = 50;
constexpr int max_turns = 20'000;

RepetitionRecord many_events(std::int64_t index) {
    RepetitionRecord repetition = sample_repetition(index, true, 1);
    repetition.events.resize(events_per_repetition, repetition.events.front());
    return repetition;
}

// Throws what is wrong.
void require(bool good, const std::string& what) {
    if (!good) {
        throw Error(ErrorKind::failed, what);
    }
}

// What one reader does again and again with the file. It may remember what it saw before.
using Look = std::function<void(Database&)>;

Look list_and_show() {
    return [seen = std::size_t{0}](Database& database) mutable {
        require(!list_runs(database).empty(), "the run is not listed");
        const StoredRun run = read_run(database, 1);
        const std::vector<StoredRepetition>& repetitions = run.draws.at(0).repetitions;
        require(repetitions.size() >= seen, "a repetition is gone");
        seen = repetitions.size();
        for (std::size_t i = 0; i < seen; ++i) {
            require(repetitions[i].record.index == static_cast<std::int64_t>(i), "a repetition is missing");
            require(repetitions[i].record.ranks.size() == 2, "a rank is missing");
            require(repetitions[i].event_count == events_per_repetition, "an event is missing");
        }
    };
}

// Also of the runs that are stored and deleted meanwhile: they are exported whole, or are not there.
void export_all(Database& database) {
    for (const RunSummary& run : list_runs(database)) {
        Json json;
        try {
            std::ostringstream csv;
            export_csv(database, run.id, csv);
            std::ostringstream text;
            export_json(database, run.id, text);
            json = parse_json(text.str(), "export");
        } catch (const Error& error) {
            require(run.id != 1 && std::string(error.what()).find("is not in") != std::string::npos, error.what());
            continue;
        }
        for (const Json& draw : json.at("draws")) {
            for (const Json& repetition : draw.at("repetitions")) {
                require(repetition.at("ranks").size() == 2, "a rank is missing in the export");
                require(repetition.at("events").size() == events_per_repetition, "an event is missing in the export");
            }
        }
    }
}

void check(Database& database) {
    for (const std::string& problem : check_database(database)) {
        throw Error(ErrorKind::failed, problem);
    }
}

// A process that looks at the file until it is told to stop, and tells of every round by a '.', of an error by its
// text.
class Reader {
  public:
    Reader(const std::filesystem::path& path, const Look& look) {
        std::array<int, 2> told{};
        std::array<int, 2> stop{};
        if (::pipe(told.data()) != 0 || ::pipe(stop.data()) != 0) {
            throw Error(ErrorKind::failed, "no pipe");
        }
        child_ = ::fork();
        if (child_ == 0) {
            ::close(told[0]);
            ::close(stop[1]);
            look_until_stopped(path, look, told[1], stop[0]);
        }
        ::close(told[1]);
        told_ = told[0];
        // Both ends stay open: a byte for a reader that has ended by itself does no harm.
        stop_ = stop;
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    Reader(Reader&&) = delete;
    Reader& operator=(Reader&&) = delete;
    ~Reader() {
        EXPECT_EQ(::write(stop_[1], ".", 1), 1);
        while (listen(-1)) {
        }
        ::close(stop_[0]);
        ::close(stop_[1]);
        ::close(told_);
        int status = -1;
        EXPECT_EQ(::waitpid(child_, &status, 0), child_);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
        EXPECT_EQ(error_, "");
    }

    // Whether it has done enough, or met an error. Does not wait.
    [[nodiscard]] bool finished() {
        while (listen(0)) {
        }
        return ended_ || rounds_ >= rounds_per_reader;
    }
    [[nodiscard]] std::int64_t rounds() const { return rounds_; }

  private:
    [[noreturn]] static void look_until_stopped(const std::filesystem::path& path, const Look& look, int told,
                                                int stop) {
        std::string said = ".";
        pollfd stopped{stop, POLLIN, 0};
        while (said == "." && ::poll(&stopped, 1, 0) == 0) {
            try {
                Database database(path, OpenMode::read_only);
                look(database);
            } catch (const std::exception& error) {
                said = error.what();
            }
            if (::write(told, said.data(), said.size()) < 0) {
                break;
            }
        }
        ::_exit(0);
    }

    // False when nothing came, or nothing more will.
    bool listen(int timeout_ms) {
        pollfd said{told_, POLLIN, 0};
        std::array<char, 256> text{};
        const ssize_t size = ::poll(&said, 1, timeout_ms) > 0 ? ::read(told_, text.data(), text.size()) : -1;
        ended_ = ended_ || size == 0;
        for (ssize_t i = 0; i < size; ++i) {
            if (text.at(static_cast<std::size_t>(i)) == '.' && error_.empty()) {
                ++rounds_;
            } else {
                error_ += text.at(static_cast<std::size_t>(i));
            }
        }
        return size > 0;
    }

    pid_t child_ = -1;
    int told_ = -1;
    std::array<int, 2> stop_{};
    bool ended_ = false;
    std::int64_t rounds_ = 0;
    std::string error_;
};

TEST(ConcurrentReaders, SeeWholeRepetitionsAndHoldNobodyUp) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "results.db";
    {
        // Before the readers, which begin before this process opens the file: no connection goes through a fork.
        Database database(path);
        RunStore store(database);
        store.add_draw(store.begin_run(sample_record()), sample_draw(0));
    }
    std::vector<std::unique_ptr<Reader>> readers;
    for (const Look& look : {list_and_show(), Look(export_all), Look(check)}) {
        readers.push_back(std::make_unique<Reader>(path, look));
    }
    Database database(path);
    const OpenOptions options;
    RunStore store(database);
    Nanoseconds longest_ns = 0;
    const auto timed = [&](const auto& action) {
        const Nanoseconds begin_ns = now_ns();
        action();
        longest_ns = std::max(longest_ns, now_ns() - begin_ns);
    };
    const auto all_finished = [&] {
        return std::all_of(readers.begin(), readers.end(), [](const auto& reader) { return reader->finished(); });
    };
    std::int64_t repetitions = 0;
    for (int turn = 0; turn < max_turns && !all_finished(); ++turn) {
        if (repetitions < max_repetitions) {
            timed([&] { store.add_repetition(1, many_events(repetitions)); });
            ++repetitions;
        }
        // A short run comes and goes.
        std::int64_t run = 0;
        timed([&] { run = store.begin_run(sample_record()); });
        timed([&] { store.add_repetition(store.add_draw(run, sample_draw(0)), many_events(0)); });
        timed([&] { store.end_run(run, RunState::done, ""); });
        timed([&] { delete_runs(database, {run}); });
    }
    timed([&] { store.end_run(1, RunState::done, ""); });
    for (const auto& reader : readers) {
        EXPECT_GE(reader->rounds(), rounds_per_reader);
    }
    readers.clear();
    EXPECT_LT(longest_ns, options.busy_timeout_ms * 1'000'000LL);
    EXPECT_EQ(read_run(database, 1).draws.at(0).repetitions.size(), static_cast<std::size_t>(repetitions));
    EXPECT_EQ(check_database(database), std::vector<std::string>{});
}

}  // namespace
}  // namespace longscope
