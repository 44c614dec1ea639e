// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/results/run_table_model.h"

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>
#include <fstream>

#include "storage/run_edit.h"
#include "storage/run_store.h"
#include "tests/support/many_runs.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

class RunTableModelTest : public testing::Test {
  protected:
    void open() {
        model_.open(QString::fromStdString(file_.string()));
        settle();
    }
    void settle() {
        ASSERT_TRUE(QTest::qWaitFor([&] { return model_.settled(); }));
    }
    QString text(int row, RunColumn column, int role = Qt::DisplayRole) {
        return model_.index(row, static_cast<int>(column)).data(role).toString();
    }
    // As views do: ask, and look again when told.
    void load(int row) {
        ASSERT_TRUE(QTest::qWaitFor([&] { return !text(row, RunColumn::name).isEmpty(); }));
    }

    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_.path() / "results.db";
    Appearance appearance_;
    RunTableModel model_{appearance_};
    QAbstractItemModelTester tester_{&model_, QAbstractItemModelTester::FailureReportingMode::Fatal};
};

TEST_F(RunTableModelTest, KnowsTheNumberOfRowsAtOnceAndReadsThemWhenAsked) {
    make_many_runs(file_, 1000, 1);
    open();
    EXPECT_EQ(model_.rowCount(), 1000);
    EXPECT_EQ(text(0, RunColumn::number), QStringLiteral("1000"));
    EXPECT_EQ(text(700, RunColumn::name), QString()) << "not read yet";
    load(700);
    EXPECT_EQ(text(700, RunColumn::number), QStringLiteral("300"));
    EXPECT_EQ(text(701, RunColumn::name).isEmpty(), false) << "its block came with it";
}

TEST_F(RunTableModelTest, ShowsQuantitiesAndKeepsRawValues) {
    Database database(file_);
    RunStore store(database);
    store_sample_run(store, RunState::failed);
    open();
    load(0);
    EXPECT_EQ(text(0, RunColumn::median_time), QStringLiteral("2.50 ms"));
    EXPECT_EQ(text(0, RunColumn::median_time, RunTableModel::raw_role), QStringLiteral("2500000"));
    EXPECT_EQ(text(0, RunColumn::rate), QStringLiteral("1.68 TFLOP/s"));
    EXPECT_EQ(text(0, RunColumn::state), QStringLiteral("failed"));
    EXPECT_TRUE(text(0, RunColumn::name, Qt::ToolTipRole).contains(QStringLiteral("because")));
    EXPECT_TRUE(text(0, RunColumn::name, Qt::ToolTipRole).contains(QStringLiteral("&quot;quoted&quot;")));
    EXPECT_EQ(model_.index(0, 0).data(RunTableModel::number_role).toLongLong(), 1);
}

TEST_F(RunTableModelTest, SortsAndFilters) {
    make_many_runs(file_, 500, 2);
    open();
    model_.sort(static_cast<int>(RunColumn::median_time), Qt::AscendingOrder);
    settle();
    load(0);
    load(100);
    EXPECT_LE(text(0, RunColumn::median_time, RunTableModel::raw_role).toDouble(),
              text(100, RunColumn::median_time, RunTableModel::raw_role).toDouble());
    model_.set_filter(QStringLiteral("failed"));
    settle();
    EXPECT_GT(model_.rowCount(), 0);
    EXPECT_LT(model_.rowCount(), 500);
    EXPECT_EQ(model_.total(), 500);
    load(model_.rowCount() - 1);
    EXPECT_EQ(text(model_.rowCount() - 1, RunColumn::state), QStringLiteral("failed"));
    model_.set_filter(QStringLiteral("no such run"));
    settle();
    EXPECT_EQ(model_.rowCount(), 0);
}

TEST_F(RunTableModelTest, OnlyTheAnswerToTheNewestQueryIsShown) {
    make_many_runs(file_, 500, 2);
    open();
    int lists = 0;
    QObject::connect(&model_, &RunTableModel::list_changed, [&] { ++lists; });
    for (const char* filter : {"f", "fa", "fai", "fail", "faile", "nothing at all"}) {
        model_.set_filter(QString::fromLatin1(filter));
    }
    settle();
    EXPECT_EQ(model_.rowCount(), 0);
    EXPECT_EQ(lists, 1);
}

TEST_F(RunTableModelTest, RefreshInsertsNewRunsAndKeepsTheOthers) {
    Database database(file_);
    RunStore store(database);
    store_sample_run(store);
    const std::int64_t going = store.begin_run(sample_record());
    open();
    load(0);
    EXPECT_EQ(text(0, RunColumn::state), QStringLiteral("running"));
    const QPersistentModelIndex kept = model_.index(1, 0);
    QSignalSpy inserted(&model_, &QAbstractItemModel::rowsInserted);
    QSignalSpy removed(&model_, &QAbstractItemModel::rowsRemoved);
    QSignalSpy reset(&model_, &QAbstractItemModel::modelReset);

    store.end_run(going, RunState::cancelled, "enough");
    store.begin_run(sample_record());
    model_.refresh();
    settle();
    EXPECT_EQ(inserted.size(), 1);
    EXPECT_EQ(kept.row(), 2);
    EXPECT_EQ(text(1, RunColumn::number), QStringLiteral("2"));
    ASSERT_TRUE(QTest::qWaitFor([&] { return text(1, RunColumn::state) == QStringLiteral("cancelled"); }));

    delete_runs(database, {going});
    model_.refresh();
    settle();
    EXPECT_EQ(removed.size(), 1);
    EXPECT_EQ(kept.row(), 1);
    EXPECT_EQ(reset.size(), 0);
}

TEST_F(RunTableModelTest, ARefreshWhileItReadsIsNotLost) {
    Database database(file_);
    RunStore store(database);
    open();
    model_.refresh();
    store.begin_run(sample_record());
    model_.refresh();
    settle();
    EXPECT_EQ(model_.rowCount(), 1);
}

TEST_F(RunTableModelTest, AFileThatCannotBeShownIsALine) {
    open();
    EXPECT_TRUE(model_.problem().contains(QStringLiteral("results.db"))) << model_.problem().toStdString();
    EXPECT_FALSE(model_.problem().contains(QLatin1Char('\n')));

    std::ofstream(file_) << "This is no database, whatever its name says. It is long enough to have a header, though: "
                            "one hundred bytes.";
    model_.refresh();
    settle();
    EXPECT_TRUE(model_.problem().contains(QStringLiteral("longscope"), Qt::CaseInsensitive))
        << model_.problem().toStdString();

    std::filesystem::remove(file_);
    make_many_runs(file_, 3, 1);
    model_.refresh();
    settle();
    EXPECT_EQ(model_.problem(), QString());
    EXPECT_EQ(model_.rowCount(), 3);
}

TEST_F(RunTableModelTest, AFileThatWasReplacedIsReadAgain) {
    make_many_runs(file_, 3, 1);
    open();
    make_many_runs(folder_.path() / "other.db", 5, 1);
    for (const char* tail : {"-wal", "-shm"}) {
        std::filesystem::remove(file_.string() + tail);
    }
    std::filesystem::rename(folder_.path() / "other.db", file_);
    model_.refresh();
    settle();
    EXPECT_EQ(model_.rowCount(), 5);
}

TEST_F(RunTableModelTest, ANewerFileIsShownWithANotice) {
    make_many_runs(file_, 3, 1);
    SQLite::Database(file_.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
    QSignalSpy noticed(&model_, &RunTableModel::noticed);
    open();
    EXPECT_EQ(model_.rowCount(), 3);
    ASSERT_EQ(noticed.size(), 1);
    EXPECT_TRUE(noticed.at(0).at(0).toString().contains(QStringLiteral("newer")));
}

TEST_F(RunTableModelTest, HeadersSayWhatTheColumnsAre) {
    for (int column = 0; column < model_.columnCount(); ++column) {
        EXPECT_FALSE(model_.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString().isEmpty());
        EXPECT_FALSE(model_.headerData(column, Qt::Horizontal, Qt::ToolTipRole).toString().isEmpty());
    }
}

TEST_F(RunTableModelTest, EndsWhileItReads) {
    make_many_runs(file_, 200, 1);
    for (int i = 0; i < 20; ++i) {
        RunTableModel model(appearance_);
        model.open(QString::fromStdString(file_.string()));
        if (i % 2 == 0) {
            QCoreApplication::processEvents();
        }
    }
}

}  // namespace
}  // namespace longscope
