// SPDX-License-Identifier: GPL-3.0-or-later
// The thread of the window never waits while a table of ten thousand runs is used.
#include <gtest/gtest.h>

#include <QHeaderView>
#include <QLineEdit>
#include <QScrollBar>
#include <QTableView>
#include <QTest>
#include <iostream>

#include "storage/run_store.h"
#include "tests/support/many_runs.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/turns.h"
#include "widgets/results/run_table.h"

namespace longscope {
namespace {

constexpr double longest_turn_ms = 50;

TEST(RunTableSpeed, NoTurnIsLongOverTenThousandRuns) {
    const TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "many.db";
    make_many_runs(file, 10'000, 5);
    Database database(file);
    RunStore store(database);
    const Appearance appearance;
    RunTable table(appearance);
    table.resize(1280, 800);
    table.show();
    QCoreApplication::processEvents();
    TurnWatch watch;
    const auto report = [&](const char* after) {
        std::cout << after << ": longest turn so far " << watch.longest_ms() << " ms\n";
    };
    const auto settle = [&] { return watch.wait([&] { return table.model().settled(); }); };
    const auto shown = [&] {
        // What is on top has been read.
        const int row = table.view().rowAt(0);
        return watch.wait([&] { return !table.model().index(row, 1).data(Qt::DisplayRole).toString().isEmpty(); });
    };
    watch.turn([&] { table.open(QString::fromStdString(file.string())); });
    ASSERT_TRUE(settle());
    ASSERT_EQ(table.model().rowCount(), 10'000);
    ASSERT_TRUE(shown());
    report("opening");
    QScrollBar& bar = *table.view().verticalScrollBar();
    for (int step = 0; step <= 60; ++step) {
        watch.turn([&] { bar.setValue(static_cast<int>(static_cast<std::int64_t>(bar.maximum()) * step / 60)); });
        watch.turn();
    }
    ASSERT_TRUE(shown());
    report("scrolling");
    QHeaderView& header = *table.view().horizontalHeader();
    for (int column = 0; column < table.model().columnCount(); ++column) {
        watch.turn([&] { header.setSortIndicator(column, Qt::AscendingOrder); });
        ASSERT_TRUE(settle());
        ASSERT_TRUE(shown());
    }
    report("sorting");
    watch.turn([&] { table.view().selectAll(); });
    report("selecting all");
    watch.turn([&] { header.setSortIndicator(0, Qt::DescendingOrder); });
    ASSERT_TRUE(settle());
    EXPECT_EQ(table.selected_runs().size(), 10'000U);
    report("sorting with all selected");
    for (const QChar key : QStringLiteral("causal ring")) {
        watch.turn([&] { QTest::keyClick(table.findChild<QLineEdit*>(), key.toLatin1()); });
    }
    ASSERT_TRUE(settle());
    ASSERT_TRUE(shown());
    watch.turn([&] { table.set_filter({}); });
    ASSERT_TRUE(settle());
    report("filtering");
    for (int i = 0; i < 5; ++i) {
        store.begin_run(sample_record());
        watch.turn([&] { table.refresh(); });
        ASSERT_TRUE(settle());
        ASSERT_TRUE(shown());
    }
    report("refreshing");
    EXPECT_EQ(table.model().rowCount(), 10'005);
    EXPECT_GT(watch.turns(), 100);
    EXPECT_LT(watch.longest_ms(), longest_turn_ms);
}

}  // namespace
}  // namespace longscope
