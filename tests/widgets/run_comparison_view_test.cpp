// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/results/run_comparison_view.h"

#include <gtest/gtest.h>

#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QPushButton>
#include <QScrollBar>
#include <QTest>

#include "storage/run_store.h"
#include "tests/support/fixture_database.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"
#include "widgets/base/colours.h"

namespace longscope {
namespace {

class RunComparisonViewTest : public testing::Test {
  protected:
    void compare(std::int64_t a, std::int64_t b) {
        view_.show();
        view_.compare(QString::fromStdString(file_.string()), a, b);
        ASSERT_TRUE(QTest::qWaitFor([&] { return !view_.busy(); }));
    }
    // A run whose repetitions take `first`, `first` + 1, ... ms.
    static std::int64_t store_run(RunStore& store, std::int64_t first_ms, const std::string& backend) {
        RunRecord record = sample_record();
        record.experiment = R"({"backend":{"name":")" + backend + R"("},"layout":{"ranks":2}})";
        const std::int64_t run = store.begin_run(record);
        const std::int64_t draw = store.add_draw(run, sample_draw(0));
        for (std::int64_t i = 0; i < 4; ++i) {
            store.add_repetition(draw, sample_repetition(i, true, first_ms + i));
        }
        store.end_run(run, RunState::done, "");
        return run;
    }
    QTableWidget& table(int index) { return *view_.findChildren<QTableWidget*>().at(index); }

    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_.path() / "results.db";
    Appearance appearance_;
    RunComparisonView view_{appearance_};
};

TEST_F(RunComparisonViewTest, SaysWhatToSelect) {
    EXPECT_EQ(view_.csv(), "");
    view_.show();
    EXPECT_EQ(view_.text(), QString());
    EXPECT_TRUE(view_.findChild<QLabel*>()->text().contains(QStringLiteral("two runs")));
}

TEST_F(RunComparisonViewTest, ShowsWhatDiffersAndTheRatios) {
    Database database(file_);
    RunStore store(database);
    const std::int64_t a = store_run(store, 10, "cpu");
    const std::int64_t b = store_run(store, 40, "reference");
    compare(a, b);
    ASSERT_EQ(table(0).rowCount(), 1);
    EXPECT_EQ(table(0).item(0, 0)->text(), QStringLiteral("backend.name"));
    EXPECT_EQ(table(0).item(0, 2)->text(), QStringLiteral("\"reference\""));
    EXPECT_EQ(table(1).rowCount(), static_cast<int>(metrics().size()));
    EXPECT_EQ(table(1).item(0, 0)->text(), QStringLiteral("median time"));
    EXPECT_EQ(table(1).item(0, 1)->text(), QStringLiteral("11.5 ms"));
    EXPECT_EQ(table(1).item(0, 3)->text(), QStringLiteral("3.609×"));

    view_.copy();
    EXPECT_NE(view_.csv().find("\ndifference,backend.name,"), std::string::npos) << view_.csv();
    EXPECT_NE(view_.csv().find("\nfigure,time,11500000,"), std::string::npos) << view_.csv();
    const QString text = QGuiApplication::clipboard()->text();
    EXPECT_TRUE(text.contains(QStringLiteral("backend.name\t\"cpu\"\t\"reference\"")));
    EXPECT_TRUE(text.contains(QStringLiteral("median time\t11.5 ms\t41.5 ms\t3.609×")));
}

TEST_F(RunComparisonViewTest, ARatioIsGreyWhenItsSpreadCoversNoChange) {
    Database database(file_);
    RunStore store(database);
    const std::int64_t a = store_run(store, 10, "cpu");
    const std::int64_t alike = store_run(store, 11, "cpu");
    const std::int64_t slower = store_run(store, 40, "cpu");
    for (const Appearance::Mode mode : {Appearance::Mode::light, Appearance::Mode::dark}) {
        appearance_.set_mode(mode);
        const QColor grey = to_qcolor(appearance_.theme().muted);
        compare(a, alike);
        EXPECT_EQ(table(1).item(0, 3)->foreground().color(), grey);
        compare(a, slower);
        EXPECT_NE(table(1).item(0, 3)->foreground().color(), grey);
        EXPECT_EQ(table(1).item(0, 3)->foreground().color(), to_qcolor(appearance_.theme().foreground));
    }
    appearance_.set_mode(Appearance::Mode::light);
    EXPECT_EQ(table(1).item(0, 3)->foreground().color(), to_qcolor(appearance_.theme().foreground));
    EXPECT_FALSE(table(0).isVisible()) << "configured alike";
}

TEST_F(RunComparisonViewTest, WhatHasNoSpreadIsPlain) {
    Database database(file_);
    RunStore store(database);
    const std::int64_t a = store_run(store, 10, "cpu");
    const std::int64_t b = store_run(store, 40, "cpu");
    compare(a, b);
    bool some = false;
    for (int row = 0; row < table(1).rowCount(); ++row) {
        const bool no_spread = table(1).item(row, 4)->text() == QStringLiteral("no spread");
        const bool bold = table(1).item(row, 3)->font().bold();
        EXPECT_FALSE(bold && (no_spread || table(1).item(row, 4)->text().isEmpty())) << row;
        some = some || no_spread;
    }
    EXPECT_TRUE(some);
    EXPECT_TRUE(table(1).item(0, 3)->font().bold()) << "the time surely differs";
    EXPECT_TRUE(view_.text().contains(QStringLiteral("received, all ranks\t")));
    EXPECT_TRUE(view_.text().contains(QStringLiteral("process memory, largest rank\t")));
}

TEST_F(RunComparisonViewTest, ARunThatIsNotThereIsALine) {
    { const Database database(file_); }
    compare(1, 2);
    EXPECT_EQ(view_.text(), QString());
    EXPECT_TRUE(view_.findChild<QLabel*>()->text().contains(QStringLiteral("results.db")));
}

TEST_F(RunComparisonViewTest, AllFiguresStandThereWithoutScrolling) {
    Database database(file_);
    RunStore store(database);
    const std::int64_t a = store_run(store, 10, "cpu");
    const std::int64_t b = store_run(store, 40, "reference");
    for (const int width : {900, 420}) {
        view_.resize(width, 700);
        compare(a, b);
        QCoreApplication::processEvents();
        const QTableWidget& figures = table(1);
        EXPECT_GE(figures.viewport()->height(), figures.verticalHeader()->length()) << "at " << width;
        for (int row = 0; row < figures.rowCount(); ++row) {
            for (int column = width > 500 ? 0 : 1; column < figures.columnCount(); ++column) {
                const QTableWidgetItem& cell = *figures.item(row, column);
                EXPECT_GE(figures.columnWidth(column), QFontMetrics(cell.font()).horizontalAdvance(cell.text()) + 6)
                    << cell.text().toStdString();
            }
        }
        const QTableWidget& different = table(0);
        EXPECT_LE(different.viewport()->height(),
                  different.verticalHeader()->length() + different.horizontalScrollBar()->sizeHint().height())
            << "no empty room inside";
    }
}

TEST_F(RunComparisonViewTest, OnlyTheNewestComparisonIsShown) {
    Database database(file_);
    RunStore store(database);
    const std::int64_t a = store_run(store, 10, "cpu");
    const std::int64_t b = store_run(store, 40, "reference");
    view_.compare(QString::fromStdString(file_.string()), a, a);
    compare(a, b);
    EXPECT_TRUE(view_.text().contains(QStringLiteral("B is run 2")));
    view_.compare(QString::fromStdString(file_.string()), a, b);
    view_.clear();
    QTest::qWait(20);
    EXPECT_EQ(view_.text(), QString());
}

TEST_F(RunComparisonViewTest, AnEmptiedComparisonIsRecoloured) {
    Database database(file_);
    RunStore store(database);
    const std::int64_t a = store_run(store, 10, "cpu");
    const std::int64_t b = store_run(store, 40, "reference");
    compare(a, b);
    view_.clear();
    appearance_.set_mode(Appearance::Mode::dark);
    EXPECT_EQ(view_.text(), QString());
    compare(a, b);
    compare(a, b + 1);  // which is not there
    appearance_.set_mode(Appearance::Mode::light);
    EXPECT_EQ(view_.text(), QString());
}

TEST_F(RunComparisonViewTest, EverythingHasAName) {
    for (const QTableWidget* table : view_.findChildren<QTableWidget*>()) {
        EXPECT_FALSE(table->accessibleName().isEmpty());
    }
    EXPECT_FALSE(view_.findChild<QPushButton*>()->accessibleName().isEmpty());
}

TEST_F(RunComparisonViewTest, ComparesRealRuns) {
    make_fixture_database(file_);
    compare(1, 2);
    EXPECT_FALSE(view_.text().isEmpty()) << view_.findChild<QLabel*>()->text().toStdString();
}

}  // namespace
}  // namespace longscope
