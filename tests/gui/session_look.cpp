// SPDX-License-Identifier: GPL-3.0-or-later
// The part of the session in which runs are run, and results looked at, compared and saved.
#include <QChartView>
#include <QComboBox>
#include <QFile>
#include <QHeaderView>
#include <QLineEdit>
#include <QMenu>
#include <QScrollBar>
#include <QTabWidget>
#include <QTableView>
#include <QTest>

#include "app/desktop/timeline_page.h"
#include "tests/gui/window_session.h"
#include "tests/support/many_runs.h"
#include "tests/support/mouse.h"
#include "tests/support/ring_trace.h"
#include "widgets/charts/rank_chart.h"
#include "widgets/charts/roofline_view.h"
#include "widgets/charts/run_history_chart.h"
#include "widgets/results/run_comparison_view.h"
#include "widgets/results/run_table.h"

namespace longscope {

namespace {

// A run that ends soon, but not at once.
Json short_run() {
    Json experiment = million_token_experiment();
    experiment["name"] = "a short run";
    experiment["shape"] = {{"query_heads", 4}, {"key_value_heads", 2}, {"head_dim_qk", 64}, {"head_dim_v", 64}};
    experiment["sequence"] = {{"tokens", 4096}};
    experiment["mask"] = {{"causal", Json::object()}};
    experiment["layout"] = {{"ranks", 2}, {"strategy", "ring"}, {"dispatch", "zigzag"}};
    experiment["backend"] = {{"name", "cpu"}, {"threads", 1}};
    experiment["repetitions"] = {{"warm_up", 1}, {"measured", 20}};
    return experiment;
}

}  // namespace

void WindowSession::use_results() {
    const std::filesystem::path file = temporary_.path() / "many.db";
    make_many_runs(file, 10'000, 5);
    std::int64_t big_run = 0;
    {
        Database database(file);
        RunStore store(database);
        for (int i = 0; i < 2; ++i) {
            RunRecord record = sample_record();
            record.experiment = million_token_experiment().dump();
            record.ranks = 8;
            big_run = store.begin_run(record);
            DrawRecord draw = sample_draw(0);
            draw.tokens = million_tokens;
            RepetitionRecord repetition = sample_repetition(0, true, 100);
            repetition.events = ring_trace(8, 2450).events;
            ASSERT_GE(repetition.events.size(), 100'000U);
            store.add_repetition(store.add_draw(big_run, draw), repetition);
            store.end_run(big_run, RunState::done, "");
        }
    }
    RunTable& table = window_->results();
    const auto settled = [&] {
        wait("the list of runs", [&] { return table.model().settled(); });
        wait("the rows of runs", [&] {
            const int row = table.view().rowAt(0);
            return row < 0 || !table.model().index(row, 1).data(Qt::DisplayRole).toString().isEmpty();
        });
    };
    turn("open a database", [&] { window_->open_file(QString::fromStdString(file.string())); });
    settled();
    ASSERT_EQ(table.model().rowCount(), 10'002);
    QScrollBar& bar = *table.view().verticalScrollBar();
    for (int step = 0; step <= 30; ++step) {
        turn("scroll runs", [&] { bar.setValue(static_cast<int>(std::int64_t{bar.maximum()} * step / 30)); });
    }
    settled();
    for (int column = 0; column < table.model().columnCount(); ++column) {
        turn("sort runs by column " + std::to_string(column),
             [&] { table.view().horizontalHeader()->setSortIndicator(column, Qt::AscendingOrder); });
        settled();
    }
    for (const QChar key : QStringLiteral("causal ring")) {
        turn("filter runs", [&] { QTest::keyClick(table.findChild<QLineEdit*>(), key.toLatin1()); });
    }
    settled();
    turn("drop the filter", [&] { table.set_filter({}); });
    settled();
    turn("select all runs", [&] { table.view().selectAll(); });
    turn("copy all runs", [&] { action("file.copy_view").trigger(); });
    settled();
    chooser_->answers = {this->file(QStringLiteral("runs.csv"))};
    bool exported = false;
    const QMetaObject::Connection told =
        QObject::connect(&table.model(), &RunTableModel::exported, window_.get(), [&] { exported = true; });
    turn("export all runs", [&] { action("file.export").trigger(); });
    wait("the runs as CSV", [&] { return exported; });
    QObject::disconnect(told);
    turn("select two runs", [&] { table.select_runs({big_run - 1, big_run}); });
    RunComparisonView& comparison = page<RunComparisonView>();
    wait("the comparison", [&] { return !comparison.busy() && !comparison.text().isEmpty(); });
    show_tab(comparison);
    show_tab(table);
    turn("open a run", [&] { Q_EMIT table.run_activated(big_run); });
    wait("the timeline", [&] { return window_->tabs().currentWidget() == &window_->timeline_page(); });
    wait_for_cost();
}

void WindowSession::use_timeline() {
    TimelineView& view = window_->timeline_page().view();
    wait("the rows of the timeline", [&] { return view.scale().extent().length_ns() > 0; });
    const QPointF middle = view.viewport()->rect().center();
    for (int i = 0; i < 30; ++i) {
        turn("zoom into the timeline", [&] { turn_wheel(*view.viewport(), middle, i < 20 ? 1 : -1); });
        turn("pan the timeline", [&] {
            drag_mouse(*view.viewport(), middle, middle + QPointF(i % 3 == 0 ? 90 : -40, 0), Qt::MiddleButton);
        });
    }
    turn("the whole timeline", [&] { view.show_window(view.scale().extent()); });
    for (int i = 0; i < 40; ++i) {
        turn("hover over the timeline", [&] {
            send_mouse(*view.viewport(), QEvent::MouseMove, QPointF(120 + i * 12, 60 + i * 4), Qt::NoButton,
                       Qt::NoButton);
        });
    }
    turn("select all of the time", [&] { view.select(view.scale().extent()); });
    wait("the sum of the time", [&] { return !view.summary().isEmpty(); });
    for (int rank = 0; rank < 4; ++rank) {
        turn("sum a rank up", [&] { view.set_rank(rank); });
        wait("the sum of a rank", [&] { return !view.summary().isEmpty(); });
    }
    for (const TimelineCommand& command : view.commands()) {
        turn("timeline: " + command.text.toStdString(), command.run);
    }
}

void WindowSession::use_charts() {
    auto& history = page<RunHistoryChart>();
    auto& ranks = page<RankChart>();
    for (QWidget* chart : {static_cast<QWidget*>(&history), static_cast<QWidget*>(&ranks)}) {
        show_tab(*chart);
        auto& choice = *chart->findChild<QComboBox*>();
        for (int i = 0; i < choice.count(); ++i) {
            turn("choose what a chart shows", [&] {
                choice.setCurrentIndex(i);
                Q_EMIT choice.activated(i);
            });
        }
        auto* view = chart->findChild<QtCharts::QChartView*>();
        for (int i = 0; i < 20; ++i) {
            turn("hover over a chart", [&] {
                send_mouse(*view->viewport(), QEvent::MouseMove, QPointF(150 + i * 20, 200), Qt::NoButton,
                           Qt::NoButton);
            });
        }
    }
}

void WindowSession::take_pictures() {
    for (int tab = 0; tab < window_->tabs().count(); ++tab) {
        const std::string name = window_->tabs().tabText(tab).toStdString();
        turn("tab " + name, [&] { window_->tabs().setCurrentIndex(tab); });
        for (int i = 0; i < 2; ++i) {
            turn("dark or light with " + name, [&] { action("view.dark").trigger(); });
        }
        for (const int wider : {60, 0}) {
            turn("resize with " + name, [&] { window_->resize(1300 + wider, 800 + wider); });
        }
        turn("copy " + name, [&] { action("file.copy_view").trigger(); });
        QWidget* shown = window_->tabs().currentWidget();
        if (shown == &window_->roofline() && !window_->roofline().has_picture()) {
            continue;  // no device computed
        }
        const bool table = shown == &window_->results() || shown == &page<RunComparisonView>();
        for (const char* ending : {"csv", "png", "svg", "pdf"}) {
            if (table && std::string(ending) != "csv") {
                continue;
            }
            const QString path = file(QStringLiteral("view-%1.").arg(tab) + QLatin1String(ending));
            chooser_->answers = {path};
            turn("export " + name + " as " + ending, [&] { action("file.export").trigger(); });
            wait("the export", [&] {
                return shown == &window_->results() ? QFile::exists(path) : window_->messages().text().contains(path);
            });
            EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::note);
            EXPECT_TRUE(QFile::exists(path)) << path.toStdString();
        }
    }
}

void WindowSession::use_helpers() {
    turn("show the mask", [&] { window_->tabs().setCurrentIndex(0); });
    trigger("help.palette");
    auto& input = *window_->findChild<QWidget*>(QStringLiteral("command_palette"))->findChild<QLineEdit*>();
    for (const QChar key : QStringLiteral("reset")) {
        turn("type a command", [&] { QTest::keyClick(&input, key.toLatin1()); });
    }
    turn("run a command", [&] { QTest::keyClick(&input, Qt::Key_Return); });
    trigger("help.keys");
    trigger("help.keys");
    trigger("edit.gallery");
    auto& search = find<QLineEdit>("gallery_search");
    for (const QChar key : QStringLiteral("causal")) {
        turn("search the gallery", [&] { QTest::keyClick(&search, key.toLatin1()); });
    }
    turn("move in the gallery", [&] { QTest::keyClick(&search, Qt::Key_Right); });
    turn("replace the mask", [&] { QTest::keyClick(&search, Qt::Key_Return, Qt::ControlModifier); });
    wait_for_cost();
    trigger("edit.undo");
    wait_for_cost();
    const auto wait_for_comparison = [&] {
        wait_for_cost();
        wait("the comparison", [&] { return !window_->mask_page().comparison().busy(); });
        wait_until_sharp();
    };
    auto* presets = window_->actions().at(QStringLiteral("view.compare_preset")).menu();
    for (int i = 0; i < 4; ++i) {
        QAction* preset = presets->actions().at(i);
        turn("compare with " + preset->text().toStdString(), [&] { preset->trigger(); });
        wait_for_comparison();
        turn("zoom into two masks", [&] { turn_wheel(canvas(), canvas().plot().center(), 3); });
        wait_until_sharp();
    }
    trigger("view.compare_saved");
    wait_for_comparison();
    trigger("view.compare_end");
    trigger("view.fit");
    for (const char* id : {"view.experiment_dock", "view.cost_dock", "view.json_dock", "view.run_dock"}) {
        trigger(id);
        trigger(id);
    }
    for (int i = 0; i < 8; ++i) {
        turn("resize the window", [&] { window_->resize(1200 + 40 * i, 760 + 20 * i); });
    }
    wait_until_sharp();
}

void WindowSession::run_here() {
    const QString path = put(QStringLiteral("short.json"), short_run().dump());
    turn("open an experiment to run", [&] { window_->open_file(path); });
    wait_for_cost();
    trigger("run.start");
    int seen = 0;
    int progress = 0;
    const QMetaObject::Connection told =
        QObject::connect(&window_->runs(), &RunController::changed, window_.get(), [&] {
            const int now = static_cast<int>(window_->runs().status().done * 1000);
            progress += now > seen ? 1 : 0;
            seen = std::max(seen, now);
        });
    wait("the run", [&] { return !window_->runs().status().going_on(); });
    QObject::disconnect(told);
    EXPECT_EQ(window_->runs().status().state.toStdString(), "done") << window_->runs().status().message.toStdString();
    EXPECT_GT(progress, 1);
    wait("its timeline", [&] { return window_->timeline_page().caption().contains(QStringLiteral("run 10003")); });
}

}  // namespace longscope
