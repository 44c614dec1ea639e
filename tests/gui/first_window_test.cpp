// SPDX-License-Identifier: GPL-3.0-or-later
// How long it takes from starting the program to a window that is painted, seen from outside on a virtual display. The
// time in which its first thread could have run but the machine ran others is subtracted; on an idle machine there is
// none of it.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <optional>
#include <vector>

#include "engine/base/clock.h"
#include "tests/support/many_runs.h"
#include "tests/support/paths.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/virtual_display.h"
#include "tests/support/yardstick.h"

namespace longscope {
namespace {

constexpr double longest_ms = 700;
constexpr int starts = 3;
// Of the screen; the window covers four fifths of it, and a little of it is black.
constexpr double painted_window = 0.6;

class FirstWindow : public testing::Test {
  protected:
    void SetUp() override {
        if (!VirtualDisplay::available()) {
            GTEST_SKIP() << "needs Xvfb";
        }
        display_.emplace(folder_.path());
    }

    // Until `done`; false when the program ends before.
    static bool wait(ChildProcess& program, const std::function<bool()>& done) {
        while (!done()) {
            if (program.status()) {
                return false;
            }
            poll(nullptr, 0, 1);
        }
        return true;
    }

    // The first library that it has loaded with this in its name.
    static std::string library_of(const ChildProcess& program, const std::string& part) {
        std::ifstream maps("/proc/" + std::to_string(program.id()) + "/maps");
        for (std::string line; std::getline(maps, line);) {
            if (line.find(part) != std::string::npos) {
                return line.substr(line.find('/'));
            }
        }
        return {};
    }

    // Starts it, ends it when its window is there, and returns how long that took, as if at the usual pace.
    void start(const std::vector<std::string>& arguments, double& took_ms) {
        std::vector<std::string> command{LONGSCOPE_BINARY_DIR "/bin/longscope"};
        command.insert(command.end(), arguments.begin(), arguments.end());
        const std::string own = folder_.path().string();
        ASSERT_EQ(display_->painted(), 0) << "the screen is empty before";
        const std::int64_t started_ns = now_ns();
        ChildProcess program(command, {{"DISPLAY", display_->name()},
                                       {"WAYLAND_DISPLAY", ""},
                                       {"QT_QPA_PLATFORM", "xcb"},
                                       {"HOME", own},
                                       {"XDG_CONFIG_HOME", own},
                                       {"XDG_DATA_HOME", own},
                                       {"XDG_RUNTIME_DIR", own}});
        ASSERT_TRUE(wait(program, [&] { return display_->painted() > painted_window; })) << "it ended early";
        const std::int64_t took_ns = now_ns() - started_ns;
        std::ifstream schedule("/proc/" + std::to_string(program.id()) + "/schedstat");
        std::int64_t ran_ns = 0;
        std::int64_t waited_ns = 0;
        schedule >> ran_ns >> waited_ns;
        ASSERT_GT(ran_ns, 0);
        took_ms = static_cast<double>(took_ns - waited_ns) / 1e6 / std::max(1.0, slowness());
        std::printf("%.0f ms at the usual pace, %.0f ms computing; not counted: %.0f ms of waiting for a processor\n",
                    took_ms, static_cast<double>(ran_ns) / 1e6, static_cast<double>(waited_ns) / 1e6);
        EXPECT_EQ(library_of(program, "_dri.so"), "") << "OpenGL, which nothing is painted with";
        program.send_signal(SIGTERM);
        std::optional<ExitStatus> end;
        while (!(end = program.status()) || display_->painted() > 0) {
            poll(nullptr, 0, 1);
        }
        EXPECT_TRUE(end->good()) << "exit code " << end->code << ", signal " << end->signal;
    }

    // The median of some starts, the first of which finds no settings.
    void expect_soon(const std::vector<std::string>& arguments) {
        std::vector<double> times_ms(starts);
        for (double& took_ms : times_ms) {
            ASSERT_NO_FATAL_FAILURE(start(arguments, took_ms));
        }
        std::sort(times_ms.begin(), times_ms.end());
        EXPECT_LT(times_ms[starts / 2], longest_ms);
    }

    TemporaryFolder folder_;
    std::optional<VirtualDisplay> display_;
};

TEST_F(FirstWindow, IsThereSoonWithoutAnything) {
    expect_soon({});
}

TEST_F(FirstWindow, IsThereAsSoonWithAnExperimentAndTenThousandRuns) {
    const std::filesystem::path database = folder_.path() / "runs.db";
    make_many_runs(database, 10'000, 1);
    expect_soon({"--db", database.string(), LONGSCOPE_SOURCE_DIR "/resources/experiments/documents-64k-zigzag.json"});
}

}  // namespace
}  // namespace longscope
