// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that are stopped or killed: what was measured stays, the end is recorded, no process is left.
#include <algorithm>
#include <csignal>

#include "app/headless/command_line.h"
#include "tests/app/run_fixture.h"

namespace longscope {
namespace {

TEST_P(RunVerb, AWorkerThatIsKilledFailsTheRun) {
    EngineProcess engine(arguments(long_experiment(), follow));
    ASSERT_TRUE(engine.wait_for_repetition());
    const std::vector<pid_t> pids = workers();
    ASSERT_EQ(pids.size(), with_mpi() ? 3U : 1U);
    kill(pids.back(), SIGKILL);
    const EngineEnd& end = engine.finish();
    EXPECT_EQ(end.status.code, exit_failed) << end.text();
    ASSERT_EQ(end.error.size(), 1U) << end.text();
    EXPECT_NE(end.error[0].find("signal 9 (Killed)"), std::string::npos) << end.text();
    EXPECT_NE(end.error[0].find("in draw 0, after "), std::string::npos) << end.text();
    const StoredRun run = stored();
    EXPECT_EQ(run.record.state, RunState::failed);
    EXPECT_NE(end.error[0].find(run.record.message), std::string::npos);
    EXPECT_GE(repetitions(run), 1);
    EXPECT_EQ(parse_json(end.out.back(), "last line").at("type"), "failed");
    expect_sound_database();
    expect_no_process_left();
}

TEST_P(RunVerb, AnInterruptedRunKeepsWhatWasMeasured) {
    EngineProcess engine(arguments(long_experiment(), follow));
    ASSERT_TRUE(engine.wait_for_repetition());
    engine.send_signal(SIGINT);
    const EngineEnd& end = engine.finish();
    EXPECT_EQ(end.status.code, exit_interrupted) << end.text();
    ASSERT_EQ(end.error.size(), 1U) << end.text();
    EXPECT_NE(end.error[0].find("run 1 cancelled: stopped in draw 0, after "), std::string::npos) << end.text();
    const StoredRun run = stored();
    EXPECT_EQ(run.record.state, RunState::cancelled);
    EXPECT_GE(repetitions(run), 1);
    EXPECT_EQ(run.artifacts.size(), 2U) << "what was measured is drawn";
    expect_sound_database();
    expect_no_process_left();
}

TEST_P(RunVerb, ASignalThatIsIgnoredFromTheStartStaysIgnored) {
    // As nohup does.
    std::vector<std::string> command{"bash", "-c", "trap '' HUP; exec \"$@\"", "bash", engine_program()};
    const std::vector<std::string> rest = arguments(long_experiment(), follow);
    command.insert(command.end(), rest.begin(), rest.end());
    EngineProcess engine = EngineProcess::by(command);
    ASSERT_TRUE(engine.wait_for_repetition());
    engine.send_signal(SIGHUP);
    engine.send_signal(SIGTERM);
    const EngineEnd& end = engine.finish();
    EXPECT_EQ(end.status.code, exit_interrupted) << end.text();
    EXPECT_EQ(std::count_if(end.out.begin(), end.out.end(),
                            [](const std::string& line) { return line.find("stopping") != std::string::npos; }),
              1)
        << "only SIGTERM stops it";
    EXPECT_EQ(stored().record.state, RunState::cancelled);
    expect_no_process_left();
}

TEST_P(RunVerb, ASecondInterruptEndsStoppedWorkersToo) {
    EngineProcess engine(arguments(long_experiment(), follow));
    ASSERT_TRUE(engine.wait_for_repetition());
    for (const pid_t pid : workers()) {
        kill(pid, SIGSTOP);
    }
    engine.send_signal(SIGINT);
    ASSERT_TRUE(engine.wait_for([](const Json& json) { return json.at("type") == "log"; }));
    engine.send_signal(SIGINT);
    const EngineEnd& end = engine.finish();
    EXPECT_EQ(end.status.code, exit_interrupted) << end.text();
    EXPECT_EQ(stored().record.state, RunState::cancelled);
    expect_sound_database();
    expect_no_process_left();
}

TEST_P(RunVerb, AStoppedWorkerIsTimedOut) {
    std::vector<std::string> list = arguments(long_experiment(), follow);
    list.insert(list.end(), {"--stall-timeout", "3"});
    EngineProcess engine(list);
    ASSERT_TRUE(engine.wait_for_repetition());
    ASSERT_FALSE(workers().empty());
    kill(workers().back(), SIGSTOP);
    const EngineEnd& end = engine.finish();
    EXPECT_EQ(end.status.code, exit_failed) << end.text();
    ASSERT_EQ(end.error.size(), 1U) << end.text();
    EXPECT_NE(end.error[0].find("run 1 timed out: no progress for 3.00 s in draw 0, after "), std::string::npos)
        << end.text();
    EXPECT_EQ(stored().record.state, RunState::timed_out);
    expect_sound_database();
    expect_no_process_left();
}

TEST_P(RunVerb, WorkersEndWithAKilledSupervisorAndTheNextRunFindsItLost) {
    {
        EngineProcess engine(arguments(long_experiment(), follow));
        ASSERT_TRUE(engine.wait_for_repetition());
        EXPECT_FALSE(workers().empty());
        engine.send_signal(SIGKILL);
        EXPECT_EQ(engine.finish().status.signal, SIGKILL);
    }
    expect_no_process_left();
    expect_sound_database();
    EXPECT_EQ(stored(1).record.state, RunState::running) << "nobody has looked yet";
    const EngineEnd next = run_engine_process(arguments(small_experiment()));
    EXPECT_TRUE(next.status.good()) << next.text();
    EXPECT_EQ(stored(1).record.state, RunState::lost);
    EXPECT_GE(repetitions(stored(1)), 1);
    EXPECT_EQ(stored(2).record.state, RunState::done);
}

TEST_P(RunVerb, ARunThatGoesOnIsNotLostToOthers) {
    EngineProcess engine(arguments(long_experiment(), follow));
    ASSERT_TRUE(engine.wait_for_repetition());
    Json other = small_experiment();
    const std::string file = put("other.json", other.dump());
    const EngineEnd second = run_engine_process({"run", file, "--db", database(), "--launcher", GetParam()});
    EXPECT_TRUE(second.status.good()) << second.text();
    EXPECT_EQ(stored(1).record.state, RunState::running);
    EXPECT_EQ(stored(2).record.state, RunState::done);
    engine.send_signal(SIGTERM);
    EXPECT_EQ(engine.finish().status.code, exit_interrupted);
}

TEST_P(RunVerb, WhoWatchesMayLeave) {
    // The reader goes away after the first line; the run goes on to its end.
    std::string command = "exec 3>&1; { '" + engine_program() + "'";
    for (const std::string& argument : arguments(small_experiment(), follow)) {
        command += " '" + argument + "'";
    }
    command += "; echo exit code $? >&3; } | head -n 1";
    EngineProcess shell = EngineProcess::by({"bash", "-c", command});
    const EngineEnd& end = shell.finish();
    ASSERT_EQ(end.out.size(), 2U) << end.text();
    EXPECT_EQ(end.out[1], "exit code 0") << end.text();
    EXPECT_EQ(stored().record.state, RunState::done);
    EXPECT_EQ(repetitions(stored()), 8);
}

}  // namespace
}  // namespace longscope
