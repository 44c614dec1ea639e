// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/results/run_table.h"

#include <gtest/gtest.h>

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QScrollBar>
#include <QStyle>
#include <QTableView>
#include <QTest>

#include "engine/base/bounded_file.h"
#include "storage/run_store.h"
#include "tests/support/many_runs.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"
#include "widgets/results/padded_cells.h"

namespace longscope {
namespace {

using Numbers = std::vector<std::int64_t>;

class RunTableTest : public testing::Test {
  protected:
    void open(std::int64_t runs) {
        make_many_runs(file_, runs, 3);
        table_.resize(1100, 400);
        table_.show();
        table_.open(QString::fromStdString(file_.string()));
        settle();
    }
    void settle() {
        ASSERT_TRUE(QTest::qWaitFor([&] { return table_.model().settled(); }));
    }
    QLabel* label(const QString& text) {
        for (QLabel* label : table_.findChildren<QLabel*>()) {
            if (label->text().contains(text)) {
                return label;
            }
        }
        return nullptr;
    }
    QLineEdit& filter() { return *table_.findChild<QLineEdit*>(); }
    QTableView& view() { return table_.view(); }
    std::int64_t top_run() { return table_.model().run_at(view().rowAt(0)); }

    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_.path() / "results.db";
    Appearance appearance_;
    RunTable table_{appearance_};
};

TEST_F(RunTableTest, HasRoomForWhatItUsuallyShows) {
    const QFontMetrics metrics = view().fontMetrics();
    const int margins = 2 * PaddedCells::padding + 6;
    for (const auto& [column, text] : {std::pair{RunColumn::rate, "8.73 GFLOP/s"},
                                       {RunColumn::rate, "98.7 MFLOP/s"},
                                       {RunColumn::median_time, "8.73 ms"},
                                       {RunColumn::strategy, "double ring"}}) {
        EXPECT_GE(view().columnWidth(static_cast<int>(column)),
                  metrics.horizontalAdvance(QLatin1String(text)) + margins)
            << text;
    }
    const QHeaderView& header = *view().horizontalHeader();
    EXPECT_GE(header.style()->pixelMetric(QStyle::PM_HeaderMargin, nullptr, &header), 2 * PaddedCells::padding)
        << "a number's heading does not touch the next";
}

TEST_F(RunTableTest, SaysWhyItIsEmpty) {
    table_.show();
    EXPECT_NE(label(QStringLiteral("No database is open")), nullptr);
    { const Database database(file_); }
    table_.open(QString::fromStdString(file_.string()));
    settle();
    ASSERT_NE(label(QStringLiteral("No runs yet")), nullptr);
    EXPECT_TRUE(label(QStringLiteral("No runs yet"))->isVisible());

    make_many_runs(file_, 5, 1);
    table_.refresh();
    settle();
    EXPECT_EQ(table_.model().rowCount(), 5);
    EXPECT_FALSE(label(QStringLiteral("No runs yet"))->isVisible());

    table_.set_filter(QStringLiteral("<b>x"));
    settle();
    ASSERT_NE(label(QStringLiteral("Nothing matches ‘<b>x’")), nullptr);
    EXPECT_TRUE(label(QStringLiteral("Nothing matches"))->isVisible());
    EXPECT_EQ(label(QStringLiteral("Nothing matches"))->textFormat(), Qt::PlainText);

    table_.open(QString::fromStdString((folder_.path() / "missing.db").string()));
    settle();
    ASSERT_NE(label(QStringLiteral("missing.db")), nullptr);
    EXPECT_TRUE(label(QStringLiteral("missing.db"))->isVisible());
}

TEST_F(RunTableTest, CountsWhatItShows) {
    open(1200);
    EXPECT_NE(label(QStringLiteral("1,200 runs")), nullptr);
    table_.set_filter(QStringLiteral("failed"));
    settle();
    EXPECT_NE(label(QStringLiteral(" of 1,200 runs")), nullptr);
}

TEST_F(RunTableTest, EnterAndDoubleClickActivate) {
    open(20);
    Numbers activated;
    QObject::connect(&table_, &RunTable::run_activated, [&](qint64 run) { activated.push_back(run); });
    view().setCurrentIndex(table_.model().index(3, 0));
    QTest::keyClick(&view(), Qt::Key_Return);
    const QPoint second = view().visualRect(table_.model().index(1, 1)).center();
    QTest::mouseClick(view().viewport(), Qt::LeftButton, {}, second);
    QTest::mouseDClick(view().viewport(), Qt::LeftButton, {}, second);
    EXPECT_EQ(activated, (Numbers{17, 19}));
}

TEST_F(RunTableTest, SelectionIsToldOnceAndSurvivesRefreshSortAndFilter) {
    open(300);
    std::vector<Numbers> told;
    QObject::connect(&table_, &RunTable::selection_changed, [&](const Numbers& runs) { told.push_back(runs); });
    table_.select_runs({250, 120, 119});
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0], (Numbers{250, 120, 119}));

    Database database(file_);
    RunStore(database).begin_run(sample_record());
    table_.refresh();
    settle();
    EXPECT_EQ(table_.model().rowCount(), 301);
    EXPECT_EQ(table_.selected_runs(), (Numbers{250, 120, 119}));
    EXPECT_EQ(told.size(), 1U);

    view().horizontalHeader()->setSortIndicator(static_cast<int>(RunColumn::number), Qt::AscendingOrder);
    settle();
    EXPECT_EQ(table_.selected_runs(), (Numbers{119, 120, 250}));

    table_.set_filter(QStringLiteral("done"));
    settle();
    for (const std::int64_t run : table_.selected_runs()) {
        EXPECT_GE(table_.model().row_of(run), 0);
    }
    table_.set_filter(QStringLiteral("nothing"));
    settle();
    EXPECT_TRUE(told.back().empty());
}

TEST_F(RunTableTest, ARefreshKeepsTheScrolledPlace) {
    open(1000);
    view().verticalScrollBar()->setValue(5000);
    const std::int64_t before = top_run();
    Database database(file_);
    RunStore store(database);
    store.begin_run(sample_record());
    store.begin_run(sample_record());
    table_.refresh();
    settle();
    EXPECT_EQ(table_.model().rowCount(), 1002);
    EXPECT_EQ(top_run(), before);

    view().verticalScrollBar()->setValue(0);
    const std::int64_t newest = store.begin_run(sample_record());
    table_.refresh();
    settle();
    EXPECT_EQ(top_run(), newest) << "whoever looks at the newest run sees a new one";
}

TEST_F(RunTableTest, CopiesTheSelectedRowsWithHeaders) {
    open(30);
    table_.select_runs({30, 29});
    QGuiApplication::clipboard()->clear();
    view().setFocus();
    QTest::keyClick(&view(), Qt::Key_C, Qt::ControlModifier);
    ASSERT_TRUE(QTest::qWaitFor([] { return !QGuiApplication::clipboard()->text().isEmpty(); }));
    const QStringList lines = QGuiApplication::clipboard()->text().split(QLatin1Char('\n'));
    ASSERT_EQ(lines.size(), 4);
    EXPECT_TRUE(lines[0].startsWith(QStringLiteral("run\tname\tstate\tstarted_utc\twall_ns")));
    EXPECT_TRUE(lines[1].startsWith(QStringLiteral("30\t")));
    EXPECT_TRUE(lines[2].startsWith(QStringLiteral("29\t")));
    EXPECT_EQ(lines[1].count(QLatin1Char('\t')), lines[0].count(QLatin1Char('\t')));
}

TEST_F(RunTableTest, ExportsAllRowsThatMatch) {
    open(400);
    table_.set_filter(QStringLiteral("failed"));
    settle();
    const std::filesystem::path csv = folder_.path() / "runs.csv";
    table_.export_csv(QString::fromStdString(csv.string()));
    ASSERT_TRUE(QTest::qWaitFor([&] { return label(QStringLiteral("runs.csv")) != nullptr; }));
    const std::string text = read_bounded_file(csv.string(), 1'000'000);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), table_.model().rowCount() + 1);
    EXPECT_EQ(text.substr(0, 14), "run,name,state");

    table_.export_csv(QStringLiteral("/no/such/folder/runs.csv"));
    ASSERT_TRUE(QTest::qWaitFor([&] { return label(QStringLiteral("/no/such/folder")) != nullptr; }));
    EXPECT_EQ(table_.model().rowCount() > 0, true) << "the rows stay";
}

TEST_F(RunTableTest, ExportsAllRowsThatMatchAsAPage) {
    open(40);
    table_.set_filter(QStringLiteral("failed"));
    settle();
    const std::filesystem::path page = folder_.path() / "runs.html";
    table_.export_html(QString::fromStdString(page.string()));
    ASSERT_TRUE(QTest::qWaitFor([&] { return label(QStringLiteral("runs.html")) != nullptr; }));
    const std::string html = read_bounded_file(page.string(), 10'000'000);
    EXPECT_EQ(html.substr(0, 15), "<!DOCTYPE html>");
    EXPECT_NE(html.find(std::to_string(table_.model().rowCount()) + " runs."), std::string::npos);
}

TEST_F(RunTableTest, EscapeClearsTheFilter) {
    open(50);
    QTest::keyClick(&view(), Qt::Key_F, Qt::ControlModifier);
    QTest::keyClicks(&filter(), QStringLiteral("failed"));
    settle();
    EXPECT_LT(table_.model().rowCount(), 50);
    QTest::keyClick(&filter(), Qt::Key_Escape);
    settle();
    EXPECT_EQ(table_.model().rowCount(), 50);
}

TEST_F(RunTableTest, ColumnsAreRemembered) {
    open(50);
    view().setColumnWidth(1, 321);
    view().horizontalHeader()->actions().at(4)->setChecked(false);
    view().horizontalHeader()->setSortIndicator(static_cast<int>(RunColumn::rate), Qt::AscendingOrder);
    const QByteArray state = table_.layout_state();

    RunTable other(appearance_);
    ASSERT_TRUE(other.restore_layout_state(state));
    EXPECT_EQ(other.view().columnWidth(1), 321);
    EXPECT_TRUE(other.view().isColumnHidden(5));
    EXPECT_FALSE(other.view().horizontalHeader()->actions().at(4)->isChecked());
    EXPECT_EQ(other.model().query().order, RunColumn::rate);
    EXPECT_FALSE(other.model().query().descending);
    EXPECT_FALSE(other.restore_layout_state(QByteArray("nonsense")));
}

TEST_F(RunTableTest, TheNameTakesWhatIsLeftUntilAWidthIsChosen) {
    table_.resize(760, 400);
    table_.show();
    const int name = static_cast<int>(RunColumn::name);
    const int narrow = view().columnWidth(name);
    table_.resize(860, 400);
    EXPECT_GT(view().columnWidth(name), narrow + 50);
    EXPECT_EQ(view().horizontalHeader()->length(), view().viewport()->width());
    table_.resize(1500, 400);
    EXPECT_EQ(view().columnWidth(name), 320) << "no name needs more";
    view().setColumnWidth(static_cast<int>(RunColumn::strategy), 150);
    table_.resize(860, 400);
    EXPECT_EQ(view().columnWidth(static_cast<int>(RunColumn::strategy)), 150);
    view().horizontalHeader()->findChild<QAction*>(QStringLiteral("reset_columns"))->trigger();
    EXPECT_NE(view().columnWidth(static_cast<int>(RunColumn::strategy)), 150);
    EXPECT_EQ(view().horizontalHeader()->length(), view().viewport()->width());
}

TEST_F(RunTableTest, OtherColumnsAreAClickOnTheHeadingsAway) {
    const QList<QAction*> menu = view().horizontalHeader()->actions();
    const auto choice = [&](RunColumn column) { return menu.at(static_cast<int>(column) - 1); };
    EXPECT_EQ(view().horizontalHeader()->contextMenuPolicy(), Qt::ActionsContextMenu);
    for (const RunColumn column : {RunColumn::dispatch, RunColumn::host, RunColumn::message}) {
        EXPECT_TRUE(view().isColumnHidden(static_cast<int>(column)));
        EXPECT_FALSE(choice(column)->isChecked());
        choice(column)->trigger();
        EXPECT_FALSE(view().isColumnHidden(static_cast<int>(column)));
        EXPECT_GT(view().columnWidth(static_cast<int>(column)), 30);
    }
    RunTable other(appearance_);
    ASSERT_TRUE(other.restore_layout_state(table_.layout_state()));
    EXPECT_FALSE(other.view().isColumnHidden(static_cast<int>(RunColumn::host))) << "and remembered";
    EXPECT_TRUE(other.view().isColumnHidden(static_cast<int>(RunColumn::backend)));
    menu.back()->trigger();
    EXPECT_TRUE(view().isColumnHidden(static_cast<int>(RunColumn::host)));
    EXPECT_FALSE(choice(RunColumn::host)->isChecked());
}

TEST_F(RunTableTest, EverythingHasAName) {
    for (const QWidget* widget : table_.findChildren<QWidget*>()) {
        if (widget->focusPolicy() != Qt::NoFocus && !widget->objectName().startsWith(QLatin1String("qt_"))) {
            EXPECT_FALSE(widget->accessibleName().isEmpty()) << widget->metaObject()->className();
        }
    }
}

TEST_F(RunTableTest, WhatOneLooksForComesFirstAndIsInSight) {
    const QHeaderView& header = *view().horizontalHeader();
    constexpr int room = 740;  // between the panels of a window of 1440 pixels
    table_.resize(room + 12, 400);
    table_.show();
    EXPECT_LE(header.length(), view().viewport()->width()) << "nothing is scrolled sideways";
    EXPECT_FALSE(view().horizontalScrollBar()->isVisible());
    for (const RunColumn column :
         {RunColumn::number, RunColumn::name, RunColumn::median_time, RunColumn::rate, RunColumn::strategy,
          RunColumn::ranks, RunColumn::state, RunColumn::tokens, RunColumn::tags}) {
        const int section = static_cast<int>(column);
        EXPECT_LE(header.sectionPosition(section) + header.sectionSize(section), room) << section;
    }
}

}  // namespace
}  // namespace longscope
