// SPDX-License-Identifier: GPL-3.0-or-later
// The thread of the window never waits: a session of everything that the window does, over a million tokens, ten
// thousand runs and a trace of a hundred thousand events. Each turn of the event loop is timed.
#include <QClipboard>
#include <QComboBox>
#include <QDockWidget>
#include <QDoubleSpinBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableView>
#include <QTest>
#include <QToolButton>
#include <algorithm>
#include <ctime>
#include <random>

#include "app/desktop/mask_page.h"
#include "app/desktop/panels/cost_panel.h"
#include "app/desktop/panels/experiment_panel.h"
#include "app/desktop/panels/json_editor.h"
#include "app/desktop/timeline_page.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/strategy.h"
#include "tests/gui/window_fixture.h"
#include "tests/support/many_runs.h"
#include "tests/support/mouse.h"
#include "tests/support/ring_trace.h"
#include "tests/support/sanitized.h"
#include "tests/support/turns.h"
#include "widgets/charts/rank_chart.h"
#include "widgets/charts/run_history_chart.h"
#include "widgets/results/run_comparison_view.h"
#include "widgets/results/run_table.h"

namespace longscope {
namespace {

constexpr double longest_turn_ms = 50 * sanitizer_slowdown;
constexpr std::int64_t million = 1'048'576;

Json million_tokens() {
    return {
        {"longscope_experiment", 1},
        {"name", "a million tokens"},
        {"shape",
         {{"query_heads", 64}, {"key_value_heads", 64}, {"head_dim_qk", 64}, {"head_dim_v", 64}, {"dtype", "float32"}}},
        {"sequence", {{"tokens", million}, {"lengths", {{"histogram", {{"[100,2000)", 3}, {"[2000,60000)", 1}}}}}}},
        {"mask", {{"and", {{{"documents", Json::object()}}, {{"causal", Json::object()}}}}}},
        {"layout", {{"ranks", 8}, {"strategy", "ring"}, {"dispatch", "per_document_zigzag"}}}};
}

// A run that ends soon, but not at once.
Json short_run() {
    Json experiment = million_tokens();
    experiment["name"] = "a short run";
    experiment["shape"] = {{"query_heads", 4}, {"key_value_heads", 2}, {"head_dim_qk", 64}, {"head_dim_v", 64}};
    experiment["sequence"] = {{"tokens", 4096}};
    experiment["mask"] = {{"causal", Json::object()}};
    experiment["layout"] = {{"ranks", 2}, {"strategy", "ring"}, {"dispatch", "zigzag"}};
    experiment["backend"] = {{"name", "cpu"}, {"threads", 1}};
    experiment["repetitions"] = {{"warm_up", 1}, {"measured", 20}};
    return experiment;
}

// Lengths of documents, an even number, that fill a million tokens.
std::vector<std::int64_t> many_lengths(std::int64_t documents) {
    std::vector<std::int64_t> lengths;
    for (std::int64_t i = 0; i < documents; ++i) {
        lengths.push_back(million / documents + (i % 2 == 0 ? 1 : -1) * (i / 2 % (million / documents / 2)));
    }
    return lengths;
}

class WindowTurns : public WindowTest {
  protected:
    void TearDown() override {
        if (!answers_ms_.empty()) {
            std::sort(answers_ms_.begin(), answers_ms_.end());
            std::printf("%zu edits: the cost is shown after %.1f ms (median); the longest:\n", answers_ms_.size(),
                        answers_ms_[answers_ms_.size() / 2].first);
            const std::size_t shown = std::min<std::size_t>(8, answers_ms_.size());
            for (auto answer = answers_ms_.rbegin();
                 answer != answers_ms_.rbegin() + static_cast<std::ptrdiff_t>(shown); ++answer) {
                std::printf("  %6.1f ms  %s\n", answer->first, answer->second.c_str());
            }
        }
        std::printf("%d turns; the longest:\n", watch_.turns());
        for (const TurnWatch::Turn& turn : watch_.longest(12)) {
            std::printf("  %6.1f ms  %s%s\n", turn.ms(), turn.what.c_str(),
                        turn.after == 0 ? "" : (", " + std::to_string(turn.after) + " turns later").c_str());
        }
    }

    void expect_no_long_turn() {
        for (const TurnWatch::Turn& turn : watch_.longest(100)) {
            EXPECT_LT(turn.ms(), longest_turn_ms) << turn.what << ", " << turn.after << " turns later";
        }
    }

    // What a user does, and the turns until it is painted: a window without a screen paints 5 ms after it was asked to.
    void turn(const std::string& what, const std::function<void()>& action) {
        constexpr std::int64_t frame_ns = 8'000'000;
        watch_.turn(what, action);
        const std::int64_t until_ns = now_ns() + frame_ns;
        ASSERT_TRUE(watch_.wait([&] { return now_ns() > until_ns; }));
    }
    void wait(const char* for_what, const std::function<bool()>& done) {
        constexpr std::int64_t patience_ns = 30'000'000'000;
        ASSERT_TRUE(watch_.wait(done, patience_ns)) << for_what;
    }
    void wait_for_cost() {
        wait("the cost", [&] { return !window_->evaluator().busy(); });
        ASSERT_EQ(window_->evaluator().refusal().toStdString(), "");
    }
    void wait_until_sharp() {
        wait("a sharp mask", [&] { return canvas().frame_quality().sharp(); });
    }
    void trigger(const char* id) {
        turn(id, [&] { action(id).trigger(); });
    }
    void show_tab(QWidget& page) {
        turn(std::string("show ") + page.metaObject()->className(), [&] { window_->tabs().setCurrentWidget(&page); });
    }

    MaskCanvas& canvas() { return window_->mask_page().canvas(); }
    template <typename Page>
    Page& page() {
        return *window_->findChild<Page*>();
    }

    void compose();
    void use_canvas();
    void hover();
    void edit_fields();
    void edit_layers();
    void edit_layout();
    void edit_lengths();
    void edit_json();
    void undo_and_redo();
    void open_long_list();
    void use_results();
    void use_timeline();
    void use_charts();
    void take_pictures();
    void use_helpers();
    void run_here();

    TurnWatch watch_;
    std::int64_t edited_ns_ = 0;
    std::vector<std::pair<double, std::string>> answers_ms_;  // from an edit until its cost is shown
};

void WindowTurns::compose() {
    QObject::connect(&window_->evaluator(), &Evaluator::started, window_.get(), [&] { edited_ns_ = now_ns(); });
    QObject::connect(&window_->evaluator(), &Evaluator::finished, window_.get(), [&] {
        answers_ms_.emplace_back(static_cast<double>(now_ns() - edited_ns_) / 1e6, watch_.what());
    });
    const QString path = put(QStringLiteral("million.json"), million_tokens().dump());
    turn("open an experiment", [&] { window_->open_file(path); });
    wait_for_cost();
    wait_until_sharp();
    use_canvas();
    edit_fields();
    edit_layers();
    edit_layout();
    edit_lengths();
    edit_json();
    undo_and_redo();
    open_long_list();
}

void WindowTurns::use_canvas() {
    const QPointF middle = canvas().plot().center();
    for (int i = 0; i < 30; ++i) {
        turn("zoom in", [&] { turn_wheel(canvas(), middle + QPointF(40, 30), 1); });
    }
    wait_until_sharp();
    for (int i = 0; i < 20; ++i) {
        turn("pan with the mouse",
             [&] { drag_mouse(canvas(), middle, middle + QPointF(i % 2 == 0 ? 60 : -20, 35), Qt::MiddleButton); });
        turn("pan with the keys", [&] { QTest::keyClick(&canvas(), i % 2 == 0 ? Qt::Key_Right : Qt::Key_Down); });
    }
    for (int i = 0; i < 30; ++i) {
        turn("zoom out", [&] { turn_wheel(canvas(), middle, -1); });
    }
    wait_until_sharp();
    turn("begin to select",
         [&] { send_mouse(canvas(), QEvent::MouseButtonPress, middle, Qt::LeftButton, Qt::LeftButton); });
    QPointF at = middle;
    for (int i = 0; i < 30; ++i) {
        at += QPointF(5, 4);
        turn("select", [&] { send_mouse(canvas(), QEvent::MouseMove, at, Qt::NoButton, Qt::LeftButton); });
    }
    turn("end of selecting",
         [&] { send_mouse(canvas(), QEvent::MouseButtonRelease, at, Qt::LeftButton, Qt::NoButton); });
    wait("the sum", [&] { return !window_->mask_page().summary().isEmpty(); });
    for (int i = 0; i < 2; ++i) {
        turn("focus the selection", [&] { QTest::keyClick(&canvas(), Qt::Key_F); });
        wait_until_sharp();
    }
    hover();
}

void WindowTurns::edit_fields() {
    for (const char* name : {"shape.query_heads", "shape.head_dim_qk", "shape.head_dim_v", "backend.threads",
                             "repetitions.measured", "check.rows"}) {
        auto& box = find<QDoubleSpinBox>(name);
        turn(std::string("change ") + name, [&] { box.setValue(128); });
        wait_for_cost();
    }
    for (int i = 0; i < 5; ++i) {
        // Faster than answers come.
        turn("step sequence.seed", [&] { find<QDoubleSpinBox>("sequence.seed").stepUp(); });
    }
    wait_for_cost();
    turn("change shape.dtype", [&] { QTest::keyClick(&find<QComboBox>("shape.dtype"), Qt::Key_Down); });
    turn("change the name", [&] {
        QTest::keyClicks(&find<QLineEdit>("name"), QStringLiteral(" again"));
        QTest::keyClick(&find<QLineEdit>("name"), Qt::Key_Return);
    });
    wait_for_cost();
    wait_until_sharp();
}

void WindowTurns::edit_layers() {
    auto* menu = find<QToolButton>("add_layer").menu();
    const auto layers = [&] { return window_->document().stack().size(); };
    turn("remove a layer",
         [&] { find<QWidget>("layer_1").findChild<QToolButton*>(QStringLiteral("remove"))->click(); });
    for (QAction* leaf : menu->actions()) {
        turn("add layer " + leaf->text().toStdString(), [&] { leaf->trigger(); });
        wait_for_cost();
        const QString name = QStringLiteral("layer_%1").arg(layers() - 1);
        for (QSpinBox* box : find<QWidget>(name.toUtf8()).findChildren<QSpinBox*>()) {
            for (int i = 0; i < 3; ++i) {
                turn("step " + box->objectName().toStdString() + " of " + leaf->text().toStdString(),
                     [&] { box->stepUp(); });
            }
        }
        wait_for_cost();
        wait_until_sharp();
        auto& join = *find<QWidget>(name.toUtf8()).findChild<QComboBox*>(QStringLiteral("join"));
        turn("join layer " + leaf->text().toStdString(), [&] { QTest::keyClick(&join, Qt::Key_Down); });
        wait_for_cost();
        turn("complement of layer " + leaf->text().toStdString(),
             [&] { find<QWidget>(name.toUtf8()).findChild<QToolButton*>(QStringLiteral("not"))->click(); });
        wait_for_cost();
        wait_until_sharp();
        turn("remove layer " + leaf->text().toStdString(),
             [&] { find<QWidget>(name.toUtf8()).findChild<QToolButton*>(QStringLiteral("remove"))->click(); });
    }
    page<ExperimentPanel>().mask().add_layer("causal");
    wait_for_cost();
}

void WindowTurns::edit_layout() {
    for (const int ranks : {2, 4, 8, 16, 32, 64}) {
        turn("ranks " + std::to_string(ranks), [&] { find<QDoubleSpinBox>("layout.ranks").setValue(ranks); });
        wait_for_cost();
    }
    for (const StrategyEntry& strategy : strategies()) {
        for (const DispatchEntry& dispatch : dispatches()) {
            const std::string what = std::string(strategy.name) + " " + std::string(dispatch.name);
            for (const auto& [box, text] : {std::pair{&find<QComboBox>("layout.strategy"), strategy.name},
                                            std::pair{&find<QComboBox>("layout.dispatch"), dispatch.name}}) {
                turn(what, [box = box, text = text] {
                    box->setCurrentText(QString::fromStdString(std::string(text)));
                    Q_EMIT box->activated(box->currentIndex());
                });
            }
            wait_for_cost();
            wait_until_sharp();
        }
    }
    hover();
}

void WindowTurns::hover() {
    for (int i = 0; i < 40; ++i) {
        turn("hover", [&] {
            send_mouse(canvas(), QEvent::MouseMove, canvas().plot().topLeft() + QPointF(i * 11, i * 9), Qt::NoButton,
                       Qt::NoButton);
        });
    }
}

void WindowTurns::edit_lengths() {
    auto& form = find<QComboBox>("sequence.lengths");
    auto& line = find<QLineEdit>("sequence.lengths.text");
    turn("one document", [&] {
        form.setCurrentIndex(0);
        Q_EMIT form.activated(0);
    });
    wait_for_cost();
    turn("a list of lengths", [&] {
        form.setCurrentIndex(1);
        Q_EMIT form.activated(1);
    });
    wait_for_cost();
    QStringList texts;
    for (const std::int64_t length : many_lengths(4096)) {
        texts << QString::number(length);
    }
    turn("paste a list of 4,096 lengths", [&] {
        line.setText(texts.join(QStringLiteral(", ")));
        QTest::keyClick(&line, Qt::Key_Return);
    });
    wait_for_cost();
    for (int i = 0; i < 3; ++i) {
        turn("a field beside a list of 4,096 lengths", [&] { find<QDoubleSpinBox>("sequence.seed").stepUp(); });
    }
    wait_for_cost();
    wait_until_sharp();
    turn("undo the list", [&] { action("edit.undo").trigger(); });
    std::mt19937 random(7);
    std::string lengths;
    for (int i = 0; i < 200'000; ++i) {
        lengths += std::to_string(16 + random() % 4000) + '\n';
    }
    const QString file = put(QStringLiteral("lengths.txt"), lengths);
    turn("open a file of 200,000 lengths", [&] { window_->open_file(file); });
    wait("the lengths", [&] { return experiment()["sequence"]["lengths"].contains("file"); });
    wait_for_cost();
    wait_until_sharp();
}

void WindowTurns::edit_json() {
    turn("show the JSON", [&] { page<JsonEditor>().parentWidget()->raise(); });
    QPlainTextEdit& editor = page<JsonEditor>().editor();
    QTextCursor cursor = editor.document()->find(QStringLiteral("a million"));
    ASSERT_FALSE(cursor.isNull());
    cursor.clearSelection();
    editor.setTextCursor(cursor);
    for (const char key : std::string(" or so")) {
        turn("type JSON", [&] { QTest::keyClick(&editor, key); });
    }
    wait("the JSON to be taken over",
         [&] { return experiment()["name"].get<std::string>().find("or so") != std::string::npos; });
    wait_for_cost();
    turn("change sequence.seed beside the JSON", [&] { find<QDoubleSpinBox>("sequence.seed").stepUp(); });
    wait_for_cost();
}

// Every document's length in the experiment itself.
void WindowTurns::open_long_list() {
    Json experiment = million_tokens();
    experiment["name"] = "65,536 documents";
    experiment["sequence"]["lengths"] = {{"list", many_lengths(65'536)}};
    const QString path = put(QStringLiteral("list.json"), experiment.dump());
    turn("open 65,536 lengths", [&] { window_->open_file(path); });
    wait("the lengths", [&] { return window_->document().title() == QStringLiteral("list.json"); });
    wait_for_cost();
    wait_until_sharp();
    turn("a step beside 65,536 lengths", [&] { find<QDoubleSpinBox>("sequence.seed").stepUp(); });
    wait_for_cost();
    turn("undo beside 65,536 lengths", [&] { action("edit.undo").trigger(); });
    wait_for_cost();
    for (int i = 0; i < 10; ++i) {
        turn("zoom into 65,536 documents", [&] { turn_wheel(canvas(), canvas().plot().center(), 1); });
    }
    wait_until_sharp();
}

void WindowTurns::undo_and_redo() {
    for (const char* id : {"edit.undo", "edit.redo"}) {
        for (int i = 0; i < 40 && action(id).isEnabled(); ++i) {
            trigger(id);
        }
        wait_for_cost();
        wait_until_sharp();
    }
    turn("save", [&] { action("file.save").trigger(); });
}

void WindowTurns::use_results() {
    const std::filesystem::path file = temporary_.path() / "many.db";
    make_many_runs(file, 10'000, 5);
    std::int64_t big_run = 0;
    {
        Database database(file);
        RunStore store(database);
        for (int i = 0; i < 2; ++i) {
            RunRecord record = sample_record();
            record.experiment = million_tokens().dump();
            record.ranks = 8;
            big_run = store.begin_run(record);
            DrawRecord draw = sample_draw(0);
            draw.tokens = million;
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
    QObject::connect(&table.model(), &RunTableModel::exported, window_.get(), [&] { exported = true; });
    turn("export all runs", [&] { action("file.export").trigger(); });
    wait("the runs as CSV", [&] { return exported; });
    turn("select two runs", [&] { table.select_runs({big_run - 1, big_run}); });
    RunComparisonView& comparison = page<RunComparisonView>();
    wait("the comparison", [&] { return !comparison.busy() && !comparison.text().isEmpty(); });
    show_tab(comparison);
    show_tab(table);
    turn("open a run", [&] { Q_EMIT table.run_activated(big_run); });
    wait("the timeline", [&] { return window_->tabs().currentWidget() == &window_->timeline_page(); });
    wait_for_cost();
}

void WindowTurns::use_timeline() {
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

void WindowTurns::use_charts() {
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

void WindowTurns::take_pictures() {
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

void WindowTurns::use_helpers() {
    turn("show the mask", [&] { window_->tabs().setCurrentIndex(0); });
    trigger("help.palette");
    auto& input = *window_->findChild<QWidget*>(QStringLiteral("command_palette"))->findChild<QLineEdit*>();
    for (const QChar key : QStringLiteral("reset")) {
        turn("type a command", [&] { QTest::keyClick(&input, key.toLatin1()); });
    }
    turn("run a command", [&] { QTest::keyClick(&input, Qt::Key_Return); });
    trigger("help.keys");
    trigger("help.keys");
    for (const char* id : {"view.experiment_dock", "view.cost_dock", "view.json_dock", "view.run_dock"}) {
        trigger(id);
        trigger(id);
    }
    for (int i = 0; i < 8; ++i) {
        turn("resize the window", [&] { window_->resize(1200 + 40 * i, 760 + 20 * i); });
    }
    wait_until_sharp();
}

void WindowTurns::run_here() {
    const QString path = put(QStringLiteral("short.json"), short_run().dump());
    turn("open an experiment to run", [&] { window_->open_file(path); });
    wait_for_cost();
    trigger("run.start");
    int seen = 0;
    int progress = 0;
    QObject::connect(&window_->runs(), &RunController::changed, window_.get(), [&] {
        const int now = static_cast<int>(window_->runs().status().done * 1000);
        progress += now > seen ? 1 : 0;
        seen = std::max(seen, now);
    });
    wait("the run", [&] { return !window_->runs().status().going_on(); });
    EXPECT_EQ(window_->runs().status().state.toStdString(), "done") << window_->runs().status().message.toStdString();
    EXPECT_GT(progress, 1);
    wait("its timeline", [&] { return window_->timeline_page().caption().contains(QStringLiteral("run 10003")); });
}

TEST_F(WindowTurns, NoneIsLongInASessionOverAMillionTokens) {
    ASSERT_NO_FATAL_FAILURE(compose());
    ASSERT_NO_FATAL_FAILURE(use_results());
    ASSERT_NO_FATAL_FAILURE(use_timeline());
    ASSERT_NO_FATAL_FAILURE(use_charts());
    ASSERT_NO_FATAL_FAILURE(take_pictures());
    ASSERT_NO_FATAL_FAILURE(use_helpers());
    ASSERT_NO_FATAL_FAILURE(run_here());
    turn("close the window", [&] { window_->close(); });
    EXPECT_GT(watch_.turns(), 500);
    expect_no_long_turn();
}

// What this file asserts can fail.
TEST_F(WindowTurns, ABusySlotIsALongTurn) {
    turn("a slot that is busy", [] {
        const auto ran_ns = [] {
            timespec ran{};
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ran);
            return std::int64_t{ran.tv_sec} * 1'000'000'000 + ran.tv_nsec;
        };
        const std::int64_t until_ns = ran_ns() + static_cast<std::int64_t>(longest_turn_ms * 1.2e6);
        while (ran_ns() < until_ns) {
        }
    });
    EXPECT_GT(watch_.longest_ms(), longest_turn_ms);
}

}  // namespace
}  // namespace longscope
