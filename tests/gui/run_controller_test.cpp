// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/run/run_controller.h"

#include <gtest/gtest.h>

#include <QLabel>
#include <QSignalSpy>
#include <QTest>

#include "app/desktop/run/run_panel.h"
#include "app/headless/run/run_folder.h"
#include "tests/support/sanitized.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/turns.h"

namespace longscope {
namespace {

// A run that has told a lot is picked up piece by piece: the window goes on meanwhile.
TEST(RunController, CatchesUpWithALongLogWithoutALongTurn) {
    constexpr int lines = 20'000;
    const TemporaryFolder temporary;
    RunFolder folder(temporary.path() / "run");
    folder.write_state({7, "u", "running", "", "", "here", 1});
    for (int i = 1; i <= lines; ++i) {
        folder.append_progress(R"({"type":"metric","name":"duration_ns","draw":0,"repetition":)" + std::to_string(i) +
                               R"(,"value":1500000,"measured":true})");
    }
    folder.append_progress(R"({"type":"progress","done":0.5})");
    RunController runs;
    RunPanel panel(runs);
    panel.resize(1000, 200);
    panel.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&panel));
    const QSignalSpy logged(&runs, &RunController::logged);
    TurnWatch watch;
    watch.turn([&] { runs.follow(folder.path(), QStringLiteral("long")); });
    EXPECT_LT(logged.count(), lines);
    ASSERT_TRUE(watch.wait([&] { return runs.status().done == 0.5; }));
    EXPECT_EQ(logged.count(), lines);
    EXPECT_FALSE(runs.left_ns()) << "what was done before tells nothing of the pace now";
    std::printf("%d lines heard in %d turns, the longest %.1f ms\n", lines, watch.turns(), watch.longest_ms());
    EXPECT_LT(watch.longest_ms(), 50 * sanitizer_slowdown);
}

// Draws differ in how much there is to compute: a rate is that of the draw whose repetition it was.
TEST(RunPanelRate, IsOfTheDrawThatWasTimed) {
    const TemporaryFolder temporary;
    RunFolder folder(temporary.path() / "run");
    folder.write_state({7, "u", "running", "", "", "here", 1});
    folder.append_progress(
        R"({"type":"metric","name":"duration_ns","draw":0,"repetition":0,"value":1000000,"measured":true,"flops":3e9})");
    RunController runs;
    RunPanel panel(runs);
    const auto details = [&] { return panel.findChild<QLabel*>(QStringLiteral("run_details"))->text(); };
    runs.follow(folder.path(), QStringLiteral("two draws"));
    ASSERT_TRUE(QTest::qWaitFor([&] { return details().contains(QStringLiteral("3.00 TFLOP/s")); }))
        << details().toStdString();
    folder.append_progress(
        R"({"type":"metric","name":"duration_ns","draw":1,"repetition":0,"value":2000000,"measured":true,"flops":4e9})");
    ASSERT_TRUE(QTest::qWaitFor([&] { return details().contains(QStringLiteral("2.00 TFLOP/s")); }))
        << details().toStdString();
    EXPECT_TRUE(runs.log().join(QLatin1Char('\n')).contains(QStringLiteral("Draw 2, repetition 1: 2.00 ms")));
}

}  // namespace
}  // namespace longscope
