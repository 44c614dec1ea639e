// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that one process supervises and others follow, cancel and clear up.
#include <csignal>

#include "app/headless/command_line.h"
#include "app/headless/run/run_folder.h"
#include "engine/base/bounded_file.h"
#include "tests/app/run_fixture.h"

namespace longscope {
namespace {

class RunsVerb : public RunFixture {
  protected:
    [[nodiscard]] std::vector<std::string> run_arguments(const Json& experiment) {
        return {"run", put(experiment), "--db", database(), "--launcher", "threads", "--progress", "jsonl"};
    }
    [[nodiscard]] std::vector<std::string> runs(const std::string& what, const std::string& run,
                                                const std::vector<std::string>& more = {}) const {
        std::vector<std::string> all{"runs", what, run, "--db", database()};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    [[nodiscard]] std::filesystem::path folder() const { return stored(1).record.run_folder; }
};

TEST_F(RunsVerb, AFolderTellsWhatThePrintedLinesTellAndHowItEnded) {
    const EngineEnd run = run_engine_process(run_arguments(small_experiment()));
    ASSERT_TRUE(run.status.good()) << run.text();
    std::string printed;
    for (const std::string& line : run.out) {
        printed += line + "\n";
    }
    EXPECT_EQ(read_bounded_file(folder() / "progress.jsonl", 1 << 20), printed);
    const RunFolderState state = read_run_folder_state(folder());
    EXPECT_EQ(state.state, "done");
    EXPECT_EQ(state.run, 1);
    EXPECT_EQ(state.uuid, stored(1).record.uuid);
    EXPECT_EQ(state.database, database());
    EXPECT_TRUE(is_abandoned(folder().string()));
    for (int rank = 0; rank < 3; ++rank) {
        const std::string log = read_bounded_file(folder() / ("rank-" + std::to_string(rank) + ".log"), 1 << 20);
        EXPECT_NE(log.find("rank " + std::to_string(rank) + " of 3, process "), std::string::npos) << log;
        EXPECT_NE(log.find("draw 1, repetition 3 of 3: "), std::string::npos) << log;
        EXPECT_NE(log.find(" finished\n"), std::string::npos) << log;
    }
}

TEST_F(RunsVerb, AnotherProcessFollowsARunToItsEnd) {
    EngineProcess engine(run_arguments(long_experiment()));
    ASSERT_TRUE(engine.wait_for_repetition());
    EngineProcess follower(runs("follow", "1", {"--json"}));
    ASSERT_TRUE(follower.wait_for([](const Json& json) { return json.at("type") == "started"; }));
    ASSERT_TRUE(follower.wait_for_repetition());
    const EngineEnd cancelled = run_engine_process(runs("cancel", folder().string()));
    EXPECT_TRUE(cancelled.status.good()) << cancelled.text();
    ASSERT_EQ(cancelled.out.size(), 1U);
    EXPECT_EQ(cancelled.out[0].rfind("run 1 cancelled: stopped in draw 0, after ", 0), 0U) << cancelled.out[0];
    EXPECT_EQ(engine.finish().status.code, exit_interrupted);
    const EngineEnd& followed = follower.finish();
    EXPECT_EQ(followed.status.code, exit_interrupted) << followed.text();
    EXPECT_EQ(parse_json(followed.out.back(), "last line").at("state"), "cancelled");
    EXPECT_EQ(run_engine_process(runs("cancel", "1")).status.code, exit_failed) << "it has ended";
}

TEST_F(RunsVerb, WhoStopsFollowingLeavesTheRunAlone) {
    EngineProcess engine(run_arguments(long_experiment()));
    ASSERT_TRUE(engine.wait_for_repetition());
    EngineProcess follower(runs("follow", "last", {"--json"}));
    ASSERT_TRUE(follower.wait_for_repetition());
    follower.send_signal(SIGINT);
    EXPECT_EQ(follower.finish().status.code, exit_interrupted);
    ASSERT_TRUE(engine.wait_for_repetition()) << "goes on";
    engine.send_signal(SIGINT);
    EXPECT_EQ(engine.finish().status.code, exit_interrupted);
}

TEST_F(RunsVerb, ARunWhoseSupervisorWasKilledIsLostToFollowers) {
    EngineProcess engine(run_arguments(long_experiment()));
    ASSERT_TRUE(engine.wait_for_repetition());
    EngineProcess follower(runs("follow", "1", {"--json"}));
    ASSERT_TRUE(follower.wait_for_repetition());
    engine.send_signal(SIGKILL);
    EXPECT_EQ(engine.finish().status.signal, SIGKILL);
    const EngineEnd& followed = follower.finish();
    EXPECT_EQ(followed.status.code, exit_failed);
    ASSERT_EQ(followed.error.size(), 1U) << followed.text();
    EXPECT_EQ(followed.error[0], "longscope-engine: run 1 is lost: nobody supervises it any more");
    expect_no_process_left();
}

TEST_F(RunsVerb, FoldersOfEndedRunsAreRemovedAndTheirResultsStay) {
    EngineProcess engine(run_arguments(long_experiment()));
    ASSERT_TRUE(engine.wait_for_repetition());
    const std::filesystem::path place = folder();
    const EngineEnd refused = run_engine_process(runs("clean", "1"));
    EXPECT_EQ(refused.status.code, exit_failed);
    EXPECT_NE(refused.text().find("run 1 is still going on"), std::string::npos) << refused.text();
    engine.send_signal(SIGINT);
    EXPECT_EQ(engine.finish().status.code, exit_interrupted);
    const EngineEnd cleaned = run_engine_process(runs("clean", "1"));
    EXPECT_TRUE(cleaned.status.good()) << cleaned.text();
    EXPECT_FALSE(std::filesystem::exists(place));
    EXPECT_GE(repetitions(stored(1)), 1);
}

TEST_F(RunsVerb, WhatIsNoRunFolderIsNeverRemoved) {
    std::filesystem::create_directories(path("mine"));
    put("mine/data.txt", "dear to me");
    const EngineEnd end = run_engine_process(runs("clean", path("mine").string()));
    EXPECT_EQ(end.status.code, exit_bad_input);
    EXPECT_NE(end.text().find("state.json: cannot read"), std::string::npos) << end.text();
    EXPECT_TRUE(std::filesystem::exists(path("mine/data.txt")));
    put("mine/state.json", R"({"longscope_run": 1, "run": "x"})");
    EXPECT_EQ(run_engine_process(runs("clean", path("mine").string())).status.code, exit_bad_input);
    EXPECT_TRUE(std::filesystem::exists(path("mine/data.txt")));
}

}  // namespace
}  // namespace longscope
