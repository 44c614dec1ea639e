// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that end otherwise than by themselves, and windows that end before them.
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QScrollBar>

#include "app/desktop/timeline_page.h"
#include "tests/gui/run_in_window.h"
#include "tests/support/engine_process.h"

namespace longscope {
namespace {

constexpr int for_minutes = 10'000;

class WindowRunEnd : public WindowRun {
  protected:
    // Until a repetition is stored.
    void start(int repetitions) {
        put_long_experiment(repetitions);
        action("run.start").trigger();
        ASSERT_TRUE(QTest::qWaitFor([this] { return status().going_on(); })) << message();
        ASSERT_TRUE(QTest::qWaitFor([this] { return status().repetition_ns || !status().going_on(); }, patience_ms));
        ASSERT_TRUE(status().going_on()) << message();
        EXPECT_FALSE(find<QPushButton>("run").isEnabled());
        EXPECT_FALSE(action("run.start").isEnabled());
        EXPECT_TRUE(action("run.cancel").isEnabled());
    }
    [[nodiscard]] QStringList log() const {
        return find<QPlainTextEdit>("run_log").toPlainText().split(QLatin1Char('\n'));
    }
    [[nodiscard]] QStringList ranks() const {
        return find<QPlainTextEdit>("run_ranks").toPlainText().split(QLatin1Char('\n'));
    }
    void expect_ready_again() {
        EXPECT_TRUE(find<QPushButton>("run").isEnabled());
        EXPECT_TRUE(action("run.start").isEnabled());
        EXPECT_FALSE(action("run.cancel").isEnabled());
    }
};

TEST_F(WindowRunEnd, ARunThatIsCancelledIsStoredWithWhatItMeasured) {
    ASSERT_NO_FATAL_FAILURE(start(for_minutes));
    EXPECT_TRUE(wait_for_row(1, "running")) << "it stands in the table from its beginning";
    const auto& line = find<QLabel>("run_state");
    QTest::mouseClick(&find<QPushButton>("cancel"), Qt::LeftButton);
    EXPECT_EQ(line.text(), QStringLiteral("Run 1, long: stopping..."));
    EXPECT_FALSE(find<QLabel>("run_details").text().contains(QStringLiteral("left")));
    EXPECT_FALSE(find<QPushButton>("cancel").isEnabled());
    EXPECT_FALSE(action("run.cancel").isEnabled());
    ASSERT_TRUE(wait_for_end());
    EXPECT_EQ(status().state.toStdString(), "cancelled");
    EXPECT_EQ(line.text(), QStringLiteral("Run 1, long: cancelled"));
    for (const QString& rank : ranks()) {
        EXPECT_TRUE(rank.endsWith(QStringLiteral(": ended"))) << rank.toStdString();
    }
    EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::warning);
    EXPECT_EQ(message().rfind("Run 1: cancelled", 0), 0U) << message();
    ASSERT_TRUE(wait_for_row(1, "cancelled"));
    EXPECT_TRUE(QTest::qWaitFor([this] { return window_->timeline_page().has_trace(); }, patience_ms));
    EXPECT_FALSE(window_->runs().launch_folder().empty());
    EXPECT_FALSE(std::filesystem::exists(window_->runs().launch_folder())) << "nothing is left behind";
    expect_ready_again();
}

TEST_F(WindowRunEnd, RepetitionsAreCountedAlikeEverywhere) {
    put_long_experiment(3);
    window_->document().edit(QStringLiteral("Warm-up"), {}, [](Json& json) { json["repetitions"]["warm_up"] = 2; });
    wait_for_answer();
    action("run.start").trigger();
    QStringList seen;  // of what ranks do
    ASSERT_TRUE(QTest::qWaitFor(
        [&] {
            seen << ranks();
            return status().phase == RunStatus::Phase::ended;
        },
        patience_ms));
    QStringList told;
    for (const QString& line : log()) {
        if (line.contains(QStringLiteral("repetition ")) || line.contains(QStringLiteral("warm-up "))) {
            told << line.section(QStringLiteral(", "), 1).section(QLatin1Char(':'), 0, 0);
        }
    }
    EXPECT_EQ(told.join(QStringLiteral("; ")).toStdString(),
              "warm-up 1; warm-up 2; repetition 1; repetition 2; repetition 3");
    std::ifstream file(status().folder / "rank-1.log");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (const char* words : {"warm-up 2 of 2: ", "repetition 1 of 3: ", "repetition 3 of 3: "}) {
        EXPECT_NE(text.find(words), std::string::npos) << text;
    }
    EXPECT_FALSE(seen.join(QLatin1Char('\n')).contains(QStringLiteral("plan ")))
        << seen.join(QLatin1Char('\n')).toStdString();
    EXPECT_FALSE(find<QPlainTextEdit>("run_log").horizontalScrollBar()->isVisible());
    EXPECT_TRUE(QTest::qWaitFor([this] { return window_->timeline_page().has_trace(); }, patience_ms));
    EXPECT_TRUE(QRegularExpression(QStringLiteral("^run 1, draw 1 of 1, repetition [123]: "))
                    .match(window_->timeline_page().caption())
                    .hasMatch())
        << window_->timeline_page().caption().toStdString();
}

TEST_F(WindowRunEnd, ACancelledRunCountsTheRepetitionsThatWereMeasured) {
    put_long_experiment(for_minutes);
    window_->document().edit(QStringLiteral("Warm-up"), {}, [](Json& json) { json["repetitions"]["warm_up"] = 2; });
    wait_for_answer();
    action("run.start").trigger();
    const QRegularExpression measured(QStringLiteral("^Draw 1, repetition "));
    ASSERT_TRUE(QTest::qWaitFor([&] { return !log().filter(measured).isEmpty(); }, patience_ms)) << message();
    action("run.cancel").trigger();
    ASSERT_TRUE(wait_for_end());
    const auto count = static_cast<int>(log().filter(measured).size());
    EXPECT_EQ(message(),
              "Run 1: cancelled: stopped in draw 1, after " + std::to_string(count) + " of 10000 repetitions");
}

TEST_F(WindowRunEnd, ARunThatIsCancelledAtOnceDoesNotGoOn) {
    put_long_experiment(for_minutes);
    action("run.start").trigger();
    ASSERT_TRUE(QTest::qWaitFor([this] { return status().going_on(); }));
    action("run.cancel").trigger();
    ASSERT_TRUE(wait_for_end());
    EXPECT_EQ(status().state.toStdString(), "cancelled") << message();
    EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::warning);
    expect_ready_again();
}

TEST_F(WindowRunEnd, ARunGoesOnWithoutTheWindowAndIsPickedUpByTheNext) {
    ASSERT_NO_FATAL_FAILURE(start(12));
    const pid_t engine = supervisor();
    // Held until the next window has found it, so that it cannot end before.
    ASSERT_EQ(kill(engine, SIGSTOP), 0);
    EXPECT_TRUE(window_->close());
    window_.reset();
    EXPECT_EQ(kill(engine, 0), 0) << "the window is gone, the run is not";
    open_window();
    EXPECT_FALSE(status().going_on());
    window_->pick_up_runs();
    ASSERT_TRUE(QTest::qWaitFor([this] { return status().going_on(); }, patience_ms));
    EXPECT_EQ(status().run, 1);
    EXPECT_EQ(status().name, QStringLiteral("long"));
    EXPECT_EQ(message().rfind("Run 1 goes on", 0), 0U) << message();
    EXPECT_TRUE(action("run.cancel").isEnabled());
    ASSERT_EQ(kill(engine, SIGCONT), 0);
    ASSERT_TRUE(wait_for_end());
    EXPECT_EQ(status().state.toStdString(), "done") << message();
    EXPECT_EQ(message(), "Run 1 is done.");
    const QRegularExpression result(QStringLiteral("^median [0-9.]+ [mu]?s   [0-9.]+ [MGT]FLOP/s$"));
    EXPECT_TRUE(
        QTest::qWaitFor([&] { return result.match(find<QLabel>("run_details").text()).hasMatch(); }, patience_ms))
        << find<QLabel>("run_details").text().toStdString();
    EXPECT_TRUE(wait_for_row(1, "done"));
    expect_ready_again();
}

TEST_F(WindowRunEnd, ARunThatEndedMeanwhileIsNotPickedUp) {
    ASSERT_NO_FATAL_FAILURE(start(2));
    ASSERT_TRUE(wait_for_end());
    EXPECT_TRUE(window_->close());
    window_.reset();
    open_window();
    window_->pick_up_runs();
    ASSERT_TRUE(wait_for_row(1, "done"));
    EXPECT_FALSE(status().going_on());
}

TEST_F(WindowRunEnd, ARunThatSomebodyElseStartedIsFoundByRefreshing) {
    put_long_experiment(for_minutes);
    EngineProcess engine({"run", file(QStringLiteral("long.json")).toStdString(), "--db",
                          file(QStringLiteral("results.db")).toStdString(), "--progress", "jsonl"});
    ASSERT_TRUE(engine.wait_for_repetition());
    EXPECT_FALSE(status().going_on());
    action("run.refresh").trigger();
    ASSERT_TRUE(QTest::qWaitFor([this] { return status().going_on(); }, patience_ms));
    EXPECT_TRUE(wait_for_row(1, "running"));
    action("run.cancel").trigger();
    ASSERT_TRUE(wait_for_end());
    EXPECT_EQ(status().state.toStdString(), "cancelled");
    engine.finish();
}

TEST_F(WindowRunEnd, AnEngineThatIsKilledIsAMessageAndTheRunIsLost) {
    ASSERT_NO_FATAL_FAILURE(start(for_minutes));
    ASSERT_EQ(kill(supervisor(), SIGKILL), 0);
    ASSERT_TRUE(wait_for_end());
    EXPECT_EQ(status().state.toStdString(), "lost");
    EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::error);
    EXPECT_EQ(message().rfind("Run 1: lost: ", 0), 0U) << message();
    for (const QString& rank : ranks()) {
        EXPECT_TRUE(rank.contains(QStringLiteral(": ended; last: "))) << rank.toStdString();
    }
    EXPECT_TRUE(wait_for_row(1, "lost")) << "the database knows it too";
    EXPECT_TRUE(QTest::qWaitFor([this] { return window_->timeline_page().has_trace(); }, patience_ms))
        << "what it had measured is there";
    expect_ready_again();
}

TEST_F(WindowRunEnd, ARunWhoseEngineWasKilledWithoutAWindowIsLostInTheNext) {
    ASSERT_NO_FATAL_FAILURE(start(for_minutes));
    const pid_t engine = supervisor();
    window_.reset();
    ASSERT_EQ(kill(engine, SIGKILL), 0);
    open_window();
    window_->pick_up_runs();
    EXPECT_TRUE(wait_for_row(1, "lost"));
    EXPECT_FALSE(status().going_on());
}

TEST_F(WindowRunEnd, ARankThatIsKilledIsAMessageThatNamesIt) {
    ASSERT_NO_FATAL_FAILURE(start(for_minutes));
    const pid_t rank = process_of_rank(1);
    ASSERT_GT(rank, 0);
    ASSERT_EQ(kill(rank, SIGKILL), 0);
    ASSERT_TRUE(wait_for_end());
    EXPECT_EQ(status().state.toStdString(), "failed");
    EXPECT_EQ(message().rfind("Run 1: failed: ", 0), 0U) << message();
    EXPECT_NE(message().find("rank 1"), std::string::npos) << message();
    EXPECT_TRUE(wait_for_row(1, "failed"));
}

TEST_F(WindowRunEnd, AnotherDatabaseDoesNotConfuseTheRunThatGoesOn) {
    ASSERT_NO_FATAL_FAILURE(start(6));
    const QString other = file(QStringLiteral("other.db"));
    { const Database empty(other.toStdString()); }
    window_->open_file(other);
    ASSERT_TRUE(QTest::qWaitFor([&] { return window_->results().model().database() == other; }));
    ASSERT_TRUE(wait_for_end());
    EXPECT_EQ(message(), "Run 1 is done.");
    EXPECT_TRUE(QTest::qWaitFor([this] { return window_->timeline_page().has_trace(); }, patience_ms)) << message();
    EXPECT_EQ(window_->results().model().rowCount(), 0);
}

TEST_F(WindowRunEnd, AnEngineThatRefusesIsItsOwnLine) {
    put_long_experiment(1);
    const QString folder = file(QStringLiteral("results.db"));
    ASSERT_TRUE(QDir().mkpath(folder));
    action("run.start").trigger();
    ASSERT_TRUE(wait_for_end());
    EXPECT_EQ(status().state.toStdString(), "failed");
    EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::error);
    EXPECT_EQ(message().rfind("The run did not begin: ", 0), 0U) << message();
    EXPECT_NE(message().find("results.db"), std::string::npos) << message();
    expect_ready_again();
}

}  // namespace
}  // namespace longscope
