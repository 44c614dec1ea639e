// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <QAbstractAxis>
#include <QClipboard>
#include <QGuiApplication>
#include <QImage>
#include <QLegend>
#include <QSvgRenderer>
#include <QTest>

#include "engine/base/bounded_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/sanitized.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/turns.h"
#include "widgets/base/colours.h"
#include "widgets/charts/axis_unit.h"
#include "widgets/charts/point_bands.h"
#include "widgets/charts/rank_chart.h"
#include "widgets/charts/run_history_chart.h"

namespace longscope {
namespace {

std::vector<RunRow> history(std::int64_t count) {
    std::vector<RunRow> runs;
    for (std::int64_t i = 0; i < count; ++i) {
        RunRow run;
        run.run = count - i;
        run.name = "experiment";
        run.median_ns = 2e6 + 1e5 * static_cast<double>(i * 7919 % 13);
        run.flops_per_s = 4e15 / run.median_ns;
        runs.push_back(run);
    }
    return runs;
}

std::vector<RankResult> ranks(std::int64_t count) {
    std::vector<RankResult> results;
    for (std::int64_t i = 0; i < count; ++i) {
        results.push_back({i, 1000, 500'000 + 10'000 * (i % 5), 6'000'000 + 100'000 * (i % 5), 900'000,
                           1'500'000 - 100'000 * (i % 5), 200'000, 1 << 20, 1 << 21, 1 << 28});
    }
    return results;
}

// Everything that is drawn has a colour of the theme.
void expect_colours(ChartPage& page, const Theme& theme) {
    EXPECT_EQ(page.chart().backgroundBrush().color(), to_qcolor(theme.background));
    EXPECT_EQ(page.chart().titleBrush().color(), to_qcolor(theme.foreground));
    EXPECT_EQ(page.chart().legend()->labelColor(), to_qcolor(theme.foreground));
    for (QtCharts::QAbstractAxis* axis : page.chart().axes()) {
        EXPECT_EQ(axis->labelsColor(), to_qcolor(theme.muted));
        EXPECT_EQ(axis->gridLineColor(), to_qcolor(theme.grid));
        EXPECT_EQ(axis->titleBrush().color(), to_qcolor(theme.muted));
    }
}

TEST(Charts, AreRecolouredAtOnce) {
    Appearance appearance;
    RunHistoryChart runs(appearance);
    RankChart rank_chart(appearance);
    runs.set_runs(history(20));
    rank_chart.set_ranks(ranks(4));
    for (const Appearance::Mode mode : {Appearance::Mode::dark, Appearance::Mode::light}) {
        appearance.set_mode(mode);
        const Theme& theme = appearance.theme();
        expect_colours(runs, theme);
        expect_colours(rank_chart, theme);
        EXPECT_EQ(runs.time_series().color(), to_qcolor(theme.few_ranks.at(0)));
        EXPECT_EQ(runs.rate_series().color(), to_qcolor(theme.few_ranks.at(1)));
        EXPECT_EQ(rank_chart.series().barSets().at(0)->color(), to_qcolor(theme.category(Category::attend)));
        EXPECT_EQ(rank_chart.series().barSets().at(2)->color(), to_qcolor(theme.category(Category::wait)));
        const QImage image = rank_chart.grab().toImage();
        EXPECT_EQ(image.pixelColor(image.width() - 9, image.height() / 2), to_qcolor(theme.background));
    }
}

TEST(Charts, EverythingHasAName) {
    const Appearance appearance;
    RunHistoryChart runs(appearance);
    RankChart rank_chart(appearance);
    for (ChartPage* page : {static_cast<ChartPage*>(&runs), static_cast<ChartPage*>(&rank_chart)}) {
        EXPECT_FALSE(page->accessibleName().isEmpty());
        int named = 0;
        for (const QWidget* widget : page->findChildren<QWidget*>()) {
            const bool ours = qobject_cast<const QComboBox*>(widget) != nullptr ||
                              qobject_cast<const QtCharts::QChartView*>(widget) != nullptr;
            if (ours) {
                EXPECT_FALSE(widget->accessibleName().isEmpty());
                EXPECT_NE(widget->focusPolicy() & Qt::TabFocus, 0) << "reached by keyboard";
                ++named;
            }
        }
        EXPECT_EQ(named, 2);
    }
}

TEST(Charts, SayWhyTheyAreEmpty) {
    const Appearance appearance;
    RunHistoryChart runs(appearance);
    EXPECT_FALSE(runs.empty_text().isEmpty());
    runs.set_runs({RunRow{}});
    EXPECT_TRUE(runs.empty_text().contains(QStringLiteral("repetitions")));
    runs.set_runs(history(2));
    EXPECT_EQ(runs.empty_text(), QString());
    RankChart rank_chart(appearance);
    EXPECT_FALSE(rank_chart.empty_text().isEmpty());
}

TEST(Charts, PointAtNothingWhereWhatTheyShowedGoes) {
    const Appearance appearance;
    RunHistoryChart runs(appearance);
    RankChart rank_chart(appearance);
    runs.set_runs(history(3));
    rank_chart.set_ranks(ranks(3));
    for (ChartPage* page : {static_cast<ChartPage*>(&runs), static_cast<ChartPage*>(&rank_chart)}) {
        QTest::keyClick(page->focusProxy(), Qt::Key_End);
        EXPECT_FALSE(page->details().isEmpty());
    }
    runs.set_runs({});
    rank_chart.set_ranks({});
    for (const ChartPage* page : {static_cast<ChartPage*>(&runs), static_cast<ChartPage*>(&rank_chart)}) {
        EXPECT_EQ(page->details(), QString()) << page->accessibleName().toStdString();
    }
}

TEST(RunHistoryChart, ShowsRunsByNumberInTheUnitOfItsAxis) {
    const Appearance appearance;
    RunHistoryChart chart(appearance);
    chart.set_runs(history(3));
    ASSERT_EQ(chart.time_series().count(), 3);
    EXPECT_EQ(chart.time_series().at(0).x(), 1);
    EXPECT_DOUBLE_EQ(chart.time_series().at(2).y(), 2.0);  // ms
    const QStringList titles = [&] {
        QStringList all;
        for (QtCharts::QAbstractAxis* axis : chart.chart().axes()) {
            all << axis->titleText();
        }
        return all;
    }();
    EXPECT_TRUE(titles.contains(QStringLiteral("Median time (ms)")));
    EXPECT_TRUE(titles.contains(QStringLiteral("Rate (GFLOP/s)")));
}

TEST(RunHistoryChart, SaysWhatItsRunsMatchAndDrawsNoLineBetweenThem) {
    const Appearance appearance;
    RunHistoryChart chart(appearance);
    chart.set_runs(history(3), QStringLiteral("ring"));
    EXPECT_TRUE(chart.title().contains(QStringLiteral("ring")));
    EXPECT_EQ(chart.time_series().type(), QtCharts::QAbstractSeries::SeriesTypeScatter);
    chart.set_runs({}, QStringLiteral("ring"));
    EXPECT_TRUE(chart.empty_text().contains(QStringLiteral("ring")));
    EXPECT_EQ(chart.title(), QString());
}

// A title that is cut says less than it should, in a saved picture too.
TEST(RankChart, ALongTitleHasSeveralLines) {
    const Appearance appearance;
    RankChart chart(appearance);
    chart.resize(340, 380);
    chart.show();
    chart.set_ranks(ranks(2), QStringLiteral("run 5, draw 1 of 3, repetition 1: 12.4 ms from the start until the last "
                                             "rank is done"));
    QCoreApplication::processEvents();
    const QFontMetrics metrics(chart.chart().titleFont());
    const QStringList lines = chart.chart().title().split(QStringLiteral("<br/>"));
    EXPECT_GT(lines.size(), 1);
    EXPECT_EQ(lines.join(QLatin1Char(' ')), chart.title());
    for (const QString& line : lines) {
        EXPECT_LE(metrics.horizontalAdvance(line), 340) << line.toStdString();
    }
}

TEST(RunHistoryChart, ArrowKeysTellOfRunsAndEnterOpensThem) {
    const Appearance appearance;
    RunHistoryChart chart(appearance);
    chart.set_runs(history(5));
    chart.resize(600, 300);
    chart.show();
    auto* view = chart.findChild<QtCharts::QChartView*>();
    std::int64_t opened = 0;
    QObject::connect(&chart, &RunHistoryChart::run_activated, [&](qint64 run) { opened = run; });
    QTest::keyClick(view, Qt::Key_Left);
    EXPECT_TRUE(chart.details().startsWith(QStringLiteral("Run 5"))) << chart.details().toStdString();
    QTest::keyClick(view, Qt::Key_Left);
    QTest::keyClick(view, Qt::Key_Return);
    EXPECT_EQ(opened, 4);
}

TEST(RunHistoryChart, TheMouseTellsOfTheNearestRun) {
    const Appearance appearance;
    RunHistoryChart chart(appearance);
    chart.set_runs(history(5));
    chart.resize(800, 400);
    chart.show();
    QCoreApplication::processEvents();
    auto* view = chart.findChild<QtCharts::QChartView*>();
    const QPointF at = chart.chart().mapToScene(chart.chart().mapToPosition({3, 1}, &chart.time_series()));
    QMouseEvent move(QEvent::MouseMove, view->mapFromScene(at), Qt::NoButton, Qt::NoButton, Qt::NoModifier);
    QCoreApplication::sendEvent(view->viewport(), &move);
    EXPECT_TRUE(chart.details().startsWith(QStringLiteral("Run 3"))) << chart.details().toStdString();
}

TEST(RankChart, StacksTheFourTimesOfEachRank) {
    const Appearance appearance;
    RankChart chart(appearance);
    chart.set_ranks(ranks(4), QStringLiteral("Run 1"));
    ASSERT_EQ(chart.series().barSets().size(), 4);
    EXPECT_EQ(chart.series().barSets().at(0)->count(), 4);
    EXPECT_DOUBLE_EQ(chart.series().barSets().at(0)->at(1), 6.1);  // ms
    EXPECT_DOUBLE_EQ(chart.series().barSets().at(2)->at(1), 1.4);
    EXPECT_TRUE(chart.title().contains(QStringLiteral("Computing: max / mean 1.02")));

    chart.show_quantity(RankChart::Quantity::pairs);
    EXPECT_DOUBLE_EQ(chart.series().barSets().at(0)->at(3), 53);  // times 10,000
    EXPECT_DOUBLE_EQ(chart.series().barSets().at(1)->at(3), 0);
    EXPECT_TRUE(chart.title().contains(QStringLiteral("max / mean 1.03")));
}

TEST(RankChart, ManyRanksAreDrawnInGroups) {
    const Appearance appearance;
    RankChart chart(appearance);
    chart.set_ranks(ranks(1000));
    EXPECT_EQ(chart.series().barSets().at(0)->count(), 125);
    EXPECT_NEAR(chart.series().barSets().at(1)->at(0), 0.9, 1e-9);
}

class ChartFiles : public testing::Test {
  protected:
    ChartFiles() {
        chart_.set_ranks(ranks(4), QStringLiteral("Run 1"));
        chart_.resize(640, 360);
        chart_.show();
        QCoreApplication::processEvents();
    }
    QString path(const char* name) { return QString::fromStdString((folder_.path() / name).string()); }
    std::string read(const char* name) { return read_bounded_file((folder_.path() / name).string(), 10'000'000); }

    TemporaryFolder folder_;
    Appearance appearance_;
    RankChart chart_{appearance_};
};

TEST_F(ChartFiles, HoldTheColoursThatAreShown) {
    const QRgb bars = to_qcolor(appearance_.theme().category(Category::attend)).rgb();
    const auto has_bars = [&](const QImage& image) {
        for (int y = 0; y < image.height(); y += 5) {
            for (int x = 0; x < image.width(); x += 5) {
                if (image.pixel(x, y) == bars) {
                    return true;
                }
            }
        }
        return false;
    };
    chart_.saver(path("chart.png"))();
    EXPECT_TRUE(has_bars(QImage(path("chart.png")).convertToFormat(QImage::Format_ARGB32)));

    chart_.saver(path("chart.svg"))();
    QSvgRenderer renderer(path("chart.svg"));
    ASSERT_TRUE(renderer.isValid());
    QImage image(renderer.defaultSize(), QImage::Format_ARGB32);
    image.fill(Qt::magenta);
    QPainter painter(&image);
    renderer.render(&painter);
    EXPECT_TRUE(has_bars(image));
    EXPECT_NE(read("chart.svg").find("Computing"), std::string::npos) << "text stays text";

    chart_.saver(path("chart.pdf"))();
    EXPECT_EQ(read("chart.pdf").substr(0, 5), "%PDF-");
    EXPECT_GT(read("chart.pdf").size(), 3000U);

    chart_.copy();
    EXPECT_TRUE(has_bars(QGuiApplication::clipboard()->image().convertToFormat(QImage::Format_ARGB32)));
}

TEST_F(ChartFiles, TheDataIsARowPerRank) {
    chart_.saver(path("chart.csv"))();
    const std::string text = read("chart.csv");
    EXPECT_EQ(text.substr(0, 17), "rank,tokens,pairs");
    EXPECT_NE(text.find("\r\n3,1000,530000,6300000,900000,1200000,200000,1048576,2097152,268435456\r\n"),
              std::string::npos);
}

TEST_F(ChartFiles, WhatCannotBeWrittenIsAnError) {
    expect_error(ErrorKind::bad_input, {"chart.gif", ".svg"}, [&] { (void)chart_.saver(path("chart.gif")); });
    expect_error(ErrorKind::failed, {"/no/such/folder"},
                 [&] { chart_.saver(QStringLiteral("/no/such/folder/chart.png"))(); });
}

TEST(PointBands, KeepsTheExtremes) {
    QVector<QPointF> points;
    for (int i = 0; i < 10'000; ++i) {
        points.append({static_cast<double>(i), i == 5003 ? 99.0 : i == 5004 ? -99.0 : i % 10});
    }
    const QVector<QPointF> kept = point_bands(points, 100);
    EXPECT_LE(kept.size(), 400);
    EXPECT_TRUE(kept.contains({5003, 99}));
    EXPECT_TRUE(kept.contains({5004, -99}));
    EXPECT_EQ(kept.first(), points.first());
    EXPECT_EQ(kept.last(), points.last());
    EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end(), [](QPointF a, QPointF b) { return a.x() < b.x(); }));
    EXPECT_EQ(point_bands(points.mid(0, 50), 100), points.mid(0, 50));
}

TEST(AxisUnit, MakesShortLabels) {
    EXPECT_EQ(duration_unit(2.5e6).name, QStringLiteral("ms"));
    EXPECT_EQ(duration_unit(999).divisor, 1);
    EXPECT_EQ(rate_unit(3e11).name, QStringLiteral("GFLOP/s"));
    EXPECT_EQ(bytes_unit(1 << 21).name, QStringLiteral("MiB"));
    EXPECT_DOUBLE_EQ(axis_end(8.6).end, 10);
    EXPECT_DOUBLE_EQ(axis_end(8.6).step, 2);
    EXPECT_DOUBLE_EQ(axis_end(0.031).end, 0.04);
    EXPECT_DOUBLE_EQ(axis_end(0).end, 1);
    EXPECT_DOUBLE_EQ(whole_step(4), 1);
    EXPECT_DOUBLE_EQ(whole_step(10'000), 1000);
}

TEST(ChartSpeed, NoTurnIsLongWithManyRunsAndRanks) {
    Appearance appearance;
    RunHistoryChart runs(appearance);
    RankChart rank_chart(appearance);
    for (ChartPage* page : {static_cast<ChartPage*>(&runs), static_cast<ChartPage*>(&rank_chart)}) {
        page->resize(1000, 400);
        page->show();
    }
    QCoreApplication::processEvents();
    TurnWatch watch;
    const auto turn = [&](const char* what, const auto& action) {
        const double before = watch.longest_ms();
        watch.turn(action);
        watch.turn();
        std::cout << what << ": " << (watch.longest_ms() > before ? "now " : "still ") << watch.longest_ms() << " ms\n";
    };
    const std::vector<RunRow> rows = history(10'000);
    turn("10,000 runs", [&] { runs.set_runs(rows); });
    turn("1,024 ranks", [&] { rank_chart.set_ranks(ranks(1024)); });
    turn("recolouring", [&] { appearance.set_mode(Appearance::Mode::dark); });
    turn("resizing", [&] { runs.resize(1100, 500); });
    turn("pointing", [&] { QTest::keyClick(runs.findChild<QtCharts::QChartView*>(), Qt::Key_Left); });
    EXPECT_LT(watch.longest_ms(), 50 * sanitizer_slowdown);
    appearance.set_mode(Appearance::Mode::light);
}

}  // namespace
}  // namespace longscope
