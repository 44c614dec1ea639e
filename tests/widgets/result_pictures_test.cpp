// SPDX-License-Identifier: GPL-3.0-or-later
// Every view of results and charts as a picture, light and dark, in two densities.
#include <gtest/gtest.h>

#include <QTableView>
#include <QTest>

#include "storage/run_edit.h"
#include "storage/run_store.h"
#include "tests/support/many_runs.h"
#include "tests/support/pictures.h"
#include "tests/support/temporary_folder.h"
#include "widgets/charts/rank_chart.h"
#include "widgets/charts/run_history_chart.h"
#include "widgets/results/run_comparison_view.h"
#include "widgets/results/run_table.h"

namespace longscope {
namespace {

class ResultPictures : public testing::TestWithParam<bool> {
  protected:
    ResultPictures() { make_many_runs(file_, 120, 11); }

    void save(QWidget& widget, const QString& name, int width, int height) {
        widget.resize(width, height);
        widget.show();
        QCoreApplication::processEvents();
        for (const int ratio : {1, 2}) {
            const QImage image = render_at(widget, ratio);
            EXPECT_EQ(image.width(), width * ratio);
            EXPECT_GT(count_colours(image), 3) << name.toStdString();
            save_picture(image, name, GetParam(), ratio);
        }
    }
    QString file() const { return QString::fromStdString(file_.string()); }

    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_.path() / "results.db";
    Appearance appearance_{GetParam() ? Appearance::Mode::dark : Appearance::Mode::light};
};

TEST_P(ResultPictures, RunTable) {
    RunTable table(appearance_);
    table.resize(1280, 420);
    table.show();
    save(table, QStringLiteral("runs-closed"), 900, 220);
    table.open(file());
    const auto shown = [&] {
        return QTest::qWaitFor(
            [&] { return table.model().settled() && !table.model().index(0, 1).data().toString().isEmpty(); });
    };
    ASSERT_TRUE(shown());
    table.select_runs({118, 115, 114});
    save(table, QStringLiteral("runs"), 1280, 420);
    table.set_filter(QStringLiteral("no such run"));
    ASSERT_TRUE(QTest::qWaitFor([&] { return table.model().settled(); }));
    save(table, QStringLiteral("runs-none-match"), 900, 220);
    table.set_filter({});
    table.open(QStringLiteral("/no/such/folder/results.db"));
    ASSERT_TRUE(QTest::qWaitFor([&] { return table.model().settled(); }));
    save(table, QStringLiteral("runs-missing"), 900, 220);
}

TEST_P(ResultPictures, Comparison) {
    RunComparisonView view(appearance_);
    save(view, QStringLiteral("comparison-empty"), 700, 200);
    {
        Database database(file_);
        RunStore store(database);
        for (std::int64_t i = 0; i < 2; ++i) {
            RunRecord record = sample_record();
            record.experiment_name = i == 0 ? "documents-64k-zigzag" : "documents-64k-striped";
            record.experiment = fmt::format(
                R"({{"layout":{{"ranks":2,"strategy":"ring","dispatch":"{}"}},"backend":{{"name":"cpu","threads":{}}}}})",
                i == 0 ? "per_document_zigzag" : "striped", i + 1);
            const std::int64_t run = store.begin_run(record);
            const std::int64_t draw = store.add_draw(run, sample_draw(0));
            for (std::int64_t repetition = 0; repetition < 5; ++repetition) {
                store.add_repetition(draw, sample_repetition(repetition, true, 20 + 9 * i + repetition));
            }
            store.add_check(draw, {64, 2.5e-7, 1e-6, 1e-6, 1e-5, true});
            store.end_run(run, RunState::done, "");
        }
    }
    view.compare(file(), 121, 122);
    ASSERT_TRUE(QTest::qWaitFor([&] { return !view.busy(); }));
    save(view, QStringLiteral("comparison"), 760, 480);
    view.compare(file(), 121, 121);
    ASSERT_TRUE(QTest::qWaitFor([&] { return !view.busy(); }));
    save(view, QStringLiteral("comparison-alike"), 760, 400);
}

TEST_P(ResultPictures, Charts) {
    Database database(file_, OpenMode::read_only);
    RunPages pages(database);
    pages.refresh();
    RunHistoryChart runs(appearance_);
    save(runs, QStringLiteral("history-empty"), 800, 300);
    runs.set_runs(pages.page({.filter = "ring"}, 0, 1000));
    save(runs, QStringLiteral("history"), 800, 360);
    QTest::keyClick(runs.focusProxy(), Qt::Key_Left);
    save(runs, QStringLiteral("history-pointed"), 800, 360);
    runs.findChild<QComboBox*>()->setCurrentIndex(2);
    save(runs, QStringLiteral("history-rate"), 800, 360);

    RankChart ranks(appearance_);
    save(ranks, QStringLiteral("ranks-empty"), 800, 300);
    std::vector<RankResult> results;
    for (std::int64_t rank = 0; rank < 8; ++rank) {
        results.push_back({rank, 8192, 40'000'000 + 2'000'000 * rank, 60'000'000 + 3'000'000 * rank, 9'000'000,
                           24'000'000 - 3'000'000 * rank, 2'000'000, 7 << 20, 7 << 20, (200 + 3 * rank) << 20});
    }
    ranks.set_ranks(results, QStringLiteral("Run 12, draw 0, repetition 2"));
    save(ranks, QStringLiteral("ranks"), 800, 360);
    ranks.show_quantity(RankChart::Quantity::pairs);
    save(ranks, QStringLiteral("ranks-pairs"), 800, 360);
    std::vector<RankResult> many;
    for (std::int64_t rank = 0; rank < 256; ++rank) {
        many.push_back(results[static_cast<std::size_t>(rank % 8)]);
        many.back().rank = rank;
    }
    ranks.set_ranks(many);
    ranks.show_quantity(RankChart::Quantity::time);
    save(ranks, QStringLiteral("ranks-many"), 800, 360);
}

INSTANTIATE_TEST_SUITE_P(Themes, ResultPictures, testing::Bool(),
                         [](const auto& mode) { return mode.param ? "Dark" : "Light"; });

}  // namespace
}  // namespace longscope
