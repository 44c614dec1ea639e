// SPDX-License-Identifier: GPL-3.0-or-later
// Standard output or error that cannot be written, and a file system that is full: the run does not suffer.
#include "app/headless/command_line.h"
#include "tests/app/run_fixture.h"

namespace longscope {
namespace {

class RunOutput : public RunFixture {
  protected:
    // Of a run with the ranks as threads; `around` has "$@" where the program and its arguments go.
    EngineEnd run_in_shell(const std::string& around, const std::vector<std::string>& more = {}) {
        return shell(around, put(small_experiment()), more);
    }
    EngineEnd shell(const std::string& around, const std::string& file, const std::vector<std::string>& more = {}) {
        std::vector<std::string> command{"bash", "-c",   around,     "bash",       engine_program(), "run",
                                         file,   "--db", database(), "--launcher", "threads"};
        command.insert(command.end(), more.begin(), more.end());
        return EngineProcess::by(command).finish();
    }
    void expect_whole_run() const {
        const StoredRun run = stored();
        EXPECT_EQ(run.record.state, RunState::done) << run.record.message;
        EXPECT_EQ(repetitions(run), 8);
        EXPECT_EQ(run.artifacts.size(), 2U);
        expect_sound_database();
    }
};

TEST_F(RunOutput, ASummaryThatNobodyReadsIsNoFailure) {
    const EngineEnd end = run_in_shell(R"("$@" | head -n 1; echo "${PIPESTATUS[0]}")");
    ASSERT_EQ(end.out.size(), 2U) << end.text();
    EXPECT_EQ(end.out[0], "Run 1: small, done");
    EXPECT_TRUE(end.out[1] == "0" || end.out[1] == "141") << end.out[1];  // 141: ended by SIGPIPE, as tools do
    EXPECT_EQ(end.error.back().find("Broken pipe"), std::string::npos) << end.text();
    expect_whole_run();
}

TEST_F(RunOutput, AFullStandardOutputIsSaidAndTheRunIsStored) {
    for (const std::vector<std::string>& more : {std::vector<std::string>{}, follow}) {
        const EngineEnd end = run_in_shell(R"("$@" > /dev/full)", more);
        EXPECT_EQ(end.status.code, more.empty() ? exit_failed : exit_done) << end.text();
        if (more.empty()) {
            ASSERT_FALSE(end.error.empty());
            EXPECT_NE(end.error.back().find("standard output: cannot write: No space left on device"),
                      std::string::npos)
                << end.text();
        }
        expect_whole_run();
    }
}

TEST_F(RunOutput, StandardErrorMayBeFullOrClosed) {
    for (const char* around : {R"("$@" 2> /dev/full)", R"("$@" 2>&-)", R"("$@" <&- 2>&-)", R"("$@" 2>&- >&- <&-)"}) {
        SCOPED_TRACE(around);
        const EngineEnd end = run_in_shell(around);
        EXPECT_TRUE(end.status.code == exit_done || end.status.code == exit_failed) << end.text();
        EXPECT_EQ(end.status.signal, 0);
        expect_whole_run();
        std::filesystem::remove(database());
    }
}

TEST_F(RunOutput, AComplaintThatCannotBeWrittenKeepsItsExitCode) {
    for (const char* around : {R"("$@" 2> /dev/full)", R"("$@" 2>&-)"}) {
        EXPECT_EQ(shell(around, "none.json").status.code, exit_bad_input);
    }
}

TEST_F(RunOutput, ADatabaseThatCannotGrowFailsTheRunAndStaysSound) {
    // ulimit counts KiB; SIGXFSZ would kill, so the shell ignores it and write gives EFBIG.
    const EngineEnd end = shell(R"(trap '' XFSZ; ulimit -f 512; "$@")", put(long_experiment()), follow);
    EXPECT_EQ(end.status.code, exit_failed) << end.text();
    EXPECT_EQ(end.status.signal, 0);
    ASSERT_EQ(end.error.size(), 1U) << end.text();
    EXPECT_NE(end.error[0].find(database()), std::string::npos) << end.text();
    EXPECT_EQ(parse_json(end.out.back(), "last line").at("type"), "failed");
    EXPECT_GE(repetitions(stored()), 1);
    expect_sound_database();
    expect_no_process_left();
}

}  // namespace
}  // namespace longscope
