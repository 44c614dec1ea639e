// SPDX-License-Identifier: GPL-3.0-or-later
// A launcher that hangs when its run is over, as mpirun does now and then; played by a script that takes no notice of
// SIGTERM. The run ends in its right state all the same, and nothing is left of it.
#include "app/headless/run/supervisor.h"

#include <csignal>

#include "engine/base/child_process.h"
#include "tests/app/run_fixture.h"
#include "tests/support/sample_run.h"

namespace longscope {
namespace {

class Listener final : public RunProgress {
  public:
    explicit Listener(std::function<void()> at_message) : at_message_(std::move(at_message)) {}
    void started(std::int64_t /*run*/, const std::string& /*uuid*/, const std::string& /*folder*/) override {}
    void heard(const Json& message, double /*done*/) override {
        if (message.at("type") == "hung") {
            at_message_();
        }
    }
    void log(const std::string& /*text*/) override {}
    void ended(const std::string& /*state*/, const std::string& /*message*/) override {}

  private:
    std::function<void()> at_message_;
};

class HangingLauncher : public RunFixture {
  protected:
    inline static const std::string two_workers = "\"$PWD\"/some-worker 1000 & \"$PWD\"/some-worker 1000 & :";

    // The script has told that it hangs; it stops too, so as not to wait for those that end.
    void kill_all_workers() const {
        while (processes("some-worker").size() != 2) {
            poll(nullptr, 0, 1);
        }
        for (const pid_t process : all_processes()) {
            if (process_text(process, "cmdline").find(path("run/script").string()) != std::string::npos) {
                kill(process, SIGSTOP);
            }
        }
        for (const pid_t worker : processes("some-worker")) {
            kill(worker, SIGKILL);
        }
    }

    // `script` comes before the hanging; beside it lies a worker that lives for as many
    // seconds as its argument says.
    // `at_message` is called when the script hangs.
    RunEnd run(
        const std::string& script, const std::function<void()>& at_message = [] {},
        Nanoseconds grace_ns = 100'000'000) {
        const RunFolder folder(path("run"));
        std::ofstream(path("run") / "script") << "trap '' TERM\ncd '" << path("run").string() << "'\n"
                                              << script << "\necho '{\"type\":\"hung\"}'\nwhile :; do sleep 1000; done";
        std::filesystem::copy_file(std::filesystem::canonical(*find_program("sleep")), path("run") / "some-worker");
        const LauncherEntry launcher{"hanging", "hangs",
                                     [](const LaunchRequest& request) {
                                         const auto file = request.experiment_file.parent_path() / "script";
                                         return LaunchCommand{{"bash", file.string()}, {}, "some-worker"};
                                     },
                                     nullptr};
        Database file(database(), OpenMode::create_or_open);
        RunStore store(file);
        const std::int64_t number = store.begin_run(sample_record());
        const Experiment experiment = parse_experiment(small_experiment(), "", experiment_names());
        Listener listener(at_message);
        const SignalWatch signals;
        const RunEnd end =
            supervise({experiment, launcher, folder, signals, number, 0, 0, {}, grace_ns}, store, listener);
        EXPECT_EQ(stored(number).record.state, end.state);
        EXPECT_EQ(stored(number).record.message, end.message);
        expect_no_process_left();
        return end;
    }
};

TEST_F(HangingLauncher, AfterItToldThatARankWasKilled) {
    const RunEnd end = run("echo mpirun noticed that process rank 2 with PID 0 on node here exited on signal 9 >&2");
    EXPECT_EQ(end.state, RunState::failed);
    EXPECT_EQ(end.message, "rank 2 on here was killed by signal 9 (Killed) before the first draw");
}

TEST_F(HangingLauncher, AfterARankToldThatItFailed) {
    const RunEnd end = run(R"(echo '{"type":"failed","rank":1,"kind":"out of memory","message":"no room"}')");
    EXPECT_EQ(end.state, RunState::out_of_memory);
    EXPECT_EQ(end.message, "rank 1: no room");
}

TEST_F(HangingLauncher, WhenItsWorkersAreGoneWithoutAWord) {
    const RunEnd end = run(two_workers, [this] { kill_all_workers(); });
    EXPECT_EQ(end.state, RunState::failed);
    EXPECT_EQ(end.message.find("all workers are gone before the first draw, and what started them did not end; see "),
              0U)
        << end.message;
}

TEST_F(HangingLauncher, WhenItsWorkersHaveDoneAll) {
    const RunEnd end = run(two_workers + "; echo '{\"type\":\"finished\"}'", [this] { kill_all_workers(); });
    EXPECT_EQ(end.state, RunState::done) << end.message;
    EXPECT_EQ(end.message, "");
}

TEST_F(HangingLauncher, WhenTheRunIsCancelled) {
    const RunEnd end = run(":", [] { kill(getpid(), SIGINT); });
    EXPECT_EQ(end.state, RunState::cancelled);
    EXPECT_EQ(end.message, "stopped before the first draw");
}

TEST_F(HangingLauncher, ASecondInterruptEndsItAtOnce) {
    // It would go on for an hour otherwise.
    const RunEnd end = run(
        ":",
        [] {
            kill(getpid(), SIGINT);
            kill(getpid(), SIGTERM);
        },
        3600'000'000'000);
    EXPECT_EQ(end.state, RunState::cancelled);
}

}  // namespace
}  // namespace longscope
