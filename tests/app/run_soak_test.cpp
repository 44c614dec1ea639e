// SPDX-License-Identifier: GPL-3.0-or-later
// Kills something at a random moment of a run, again and again: supervisor, worker, all workers, mpirun. Each time the
// database must be whole, hold what had been reported, and take the next run. LONGSCOPE_SOAK_KILLS says how often
// (default 12, over MPI 6), LONGSCOPE_SOAK_SEED repeats a sequence.
#include <csignal>
#include <cstdlib>
#include <random>

#include "app/headless/command_line.h"
#include "tests/app/run_fixture.h"

namespace longscope {
namespace {

std::uint64_t number_of(const char* variable, std::uint64_t fallback) {
    const char* text = std::getenv(variable);
    return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

// What has been printed by now and what comes until the end: repetitions that were told to be stored.
std::int64_t repetitions_told(const EngineEnd& end) {
    std::int64_t count = 0;
    for (const std::string& line : end.out) {
        count += line.find(R"("name":"duration_ns")") != std::string::npos ? 1 : 0;
    }
    return count;
}

TEST_P(RunVerb, SurvivesKillsAtRandomMoments) {
    const std::uint64_t seed = number_of("LONGSCOPE_SOAK_SEED", std::random_device()());
    const std::uint64_t kills = number_of("LONGSCOPE_SOAK_KILLS", with_mpi() ? 6 : 12);
    std::mt19937_64 random(seed);
    const std::vector<std::string> all = arguments(long_experiment(), follow);
    // From before the workers are there to the midst of the repetitions.
    std::uniform_int_distribution<int> moment_ms(0, with_mpi() ? 1500 : 500);
    for (std::uint64_t i = 0; i < kills; ++i) {
        const int delay_ms = moment_ms(random);
        const auto victim = std::uniform_int_distribution<int>(0, 3)(random);
        SCOPED_TRACE("seed " + std::to_string(seed) + ", kill " + std::to_string(i) + " of victim " +
                     std::to_string(victim) + " after " + std::to_string(delay_ms) + " ms");
        EngineProcess engine(all);
        poll(nullptr, 0, delay_ms);  // the random moment itself
        const std::vector<pid_t> ranks = workers();
        if (victim == 0 || (ranks.empty() && processes("mpirun").empty())) {
            engine.send_signal(SIGKILL);
        } else if (victim == 1 && !ranks.empty()) {
            kill(ranks[random() % ranks.size()], SIGKILL);
        } else if (victim == 2 && !processes("mpirun").empty()) {
            kill(processes("mpirun").front(), SIGKILL);
        } else {
            for (const pid_t pid : ranks) {
                kill(pid, SIGKILL);
            }
            if (ranks.empty()) {
                engine.send_signal(SIGKILL);
            }
        }
        const EngineEnd end = engine.finish();
        ASSERT_TRUE(end.status.signal == SIGKILL || end.status.code == exit_failed) << end.text();
        expect_no_process_left();
        if (!std::filesystem::exists(database())) {
            continue;  // killed before it was made
        }
        expect_sound_database();
        Database file(database(), OpenMode::create_or_open);
        const std::string newest = sqlite_answer(file, "SELECT max(id) FROM run");
        if (newest.empty()) {
            continue;
        }
        const StoredRun run = read_run(file, std::stoll(newest));
        if (end.status.signal == 0) {
            ASSERT_EQ(run.record.state, RunState::failed) << end.text();
            EXPECT_FALSE(run.record.message.empty());
        }
        // A run that was killed before begin_run is not there: then the newest one is an older one, with no fewer.
        ASSERT_GE(repetitions(run),
                  run.record.state == RunState::running || end.status.signal == 0 ? repetitions_told(end) : 0)
            << "what was told is stored";
    }
    // The next run finds the lost ones and works.
    const EngineEnd last = run_engine_process(arguments(small_experiment()));
    ASSERT_TRUE(last.status.good()) << last.text() << "\nseed " << seed;
    Database file(database(), OpenMode::create_or_open);
    EXPECT_EQ(sqlite_answer(file, "SELECT count(*) FROM run WHERE state = 'running'"), "0") << "seed " << seed;
}

}  // namespace
}  // namespace longscope
