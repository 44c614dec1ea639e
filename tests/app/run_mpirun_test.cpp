// SPDX-License-Identifier: GPL-3.0-or-later
// What can go wrong between the supervisor and mpirun; some of it is played by a script that takes mpirun's place.
#include <csignal>
#include <cstdlib>

#include "app/headless/command_line.h"
#include "tests/app/run_fixture.h"

namespace longscope {
namespace {

class RunMpirun : public RunFixture {
  protected:
    std::vector<std::string> arguments(const Json& experiment) {
        return {"run", put(experiment), "--db", database(), "--progress", "jsonl"};
    }
    // With a script of these lines as mpirun; "started" and a draw message come first.
    EngineEnd run_with_script(const std::string& lines) {
        std::filesystem::create_directories(path("bin"));
        const std::string file =
            put("bin/mpirun", "#!/bin/sh\n[ \"$1\" = --version ] && exec echo Example 1\n" + lines);
        std::filesystem::permissions(file, std::filesystem::perms(0755));
        return run_engine_process(arguments(small_experiment()),
                                  {{"PATH", path("bin").string() + ":" + std::getenv("PATH")}});
    }
    void expect_failure(const EngineEnd& end, const std::string& part) {
        EXPECT_EQ(end.status.code, exit_failed) << end.text();
        EXPECT_EQ(end.status.signal, 0);
        ASSERT_EQ(end.error.size(), 1U) << end.text();
        EXPECT_NE(end.error[0].find(part), std::string::npos) << end.text();
        ASSERT_FALSE(end.out.empty());
        EXPECT_EQ(parse_json(end.out.back(), "last line").at("type"), "failed");
        EXPECT_EQ(stored().record.state, RunState::failed);
        EXPECT_NE(end.error[0].find(stored().record.message), std::string::npos) << end.text();
        expect_sound_database();
        expect_no_process_left();
    }
};

TEST_F(RunMpirun, TheRankThatWasKilledIsNamed) {
    EngineProcess engine(arguments(long_experiment()));
    ASSERT_TRUE(engine.wait_for_repetition());
    pid_t rank_1 = 0;
    for (const pid_t pid : processes("longscope-worker")) {
        const std::string variables = process_text(pid, "environ");
        if (variables.find(std::string("\0OMPI_COMM_WORLD_RANK=1\0", 24)) != std::string::npos) {
            rank_1 = pid;
        }
    }
    ASSERT_NE(rank_1, 0);
    kill(rank_1, SIGKILL);
    expect_failure(engine.finish(), "rank 1 on ");
    EXPECT_NE(stored().record.message.find("was killed by signal 9 (Killed) in draw 0, after "), std::string::npos);
}

TEST_F(RunMpirun, AllRanksKilled) {
    EngineProcess engine(arguments(long_experiment()));
    ASSERT_TRUE(engine.wait_for_repetition());
    for (const pid_t pid : processes("longscope-worker")) {
        kill(pid, SIGKILL);
    }
    expect_failure(engine.finish(), "was killed by signal 9 (Killed) in draw 0, after ");
}

TEST_F(RunMpirun, MpirunItselfKilled) {
    EngineProcess engine(arguments(long_experiment()));
    ASSERT_TRUE(engine.wait_for_repetition());
    ASSERT_EQ(processes("mpirun").size(), 1U);
    kill(processes("mpirun")[0], SIGKILL);
    expect_failure(engine.finish(), "signal 9 (Killed) in draw 0, after ");
}

TEST_F(RunMpirun, AWorkerThatFailsTellsWhy) {
    expect_failure(
        run_with_script(R"(echo '{"type":"failed","rank":2,"kind":"failed","message":"no such day"}'; exit 3)"),
        "rank 2: no such day");
}

TEST_F(RunMpirun, WorkersOfAnotherVersionAreRefused) {
    const EngineEnd end = run_with_script(
        R"(echo '{"type":"started","version":"9.9","revision":"abc","ranks":3,"kernel":"x"}'; sleep 60)");
    expect_failure(end, "the workers are longscope 9.9 (abc), this program is longscope ");
}

TEST_F(RunMpirun, AnExitWithoutAWordPointsToTheLog) {
    expect_failure(run_with_script("echo help is on the way >&2; exit 5"),
                   "ended with exit code 5 before the first draw");
    EXPECT_EQ(stored().record.message.find("log.txt") == std::string::npos, false);
    std::ifstream log(stored().record.run_folder + "/log.txt");
    EXPECT_EQ((std::string{std::istreambuf_iterator<char>(log), {}}), "help is on the way\n");
}

TEST_F(RunMpirun, AnExitWithoutResultsIsNoSuccess) {
    expect_failure(run_with_script("exit 0"), "before the first draw");
}

TEST_F(RunMpirun, OtherOutputGoesToTheLog) {
    // Valid JSON, but no message; nothing of it may bring the supervisor down.
    expect_failure(run_with_script("printf '%s\\n' 5 null [] '\"text\"' '{\"type\": 5}' '{}' text '' "
                                   "'{\"type\":\"unknown\"}'; exit 4"),
                   "ended with exit code 4");
}

TEST_F(RunMpirun, DamagedMessagesFailTheRun) {
    for (const char* line :
         {R"({"type":"clock"})", R"({"type":"draw","draw":0})", R"({"type":"progress","done":"much"})",
          R"({"type":"check","draw":7,"rows":1,"output_relative_error":0,"lse_absolute_error":0,"output_limit":1,)"
          R"("lse_limit":1,"passed":true})",
          R"({"type":"repetition","draw":7,"index":0,"measured":true,"duration_ns":1,"begin_ns":0,"end_ns":1,)"
          R"("ranks":[],"events":[]})",
          R"({"type":"failed","rank":"x"})"}) {
        SCOPED_TRACE(line);
        expect_failure(run_with_script(std::string("echo '") + line + "'; exec sleep 1000"),
                       "a message of a worker is damaged");
        std::filesystem::remove_all(database());
    }
}

TEST_F(RunMpirun, AProcessThatIsLeftOverDoesNotHoldTheRun) {
    // It keeps the pipes open after mpirun is gone.
    expect_failure(run_with_script("sleep 1000 & exit 6"), "ended with exit code 6");
}

}  // namespace
}  // namespace longscope
