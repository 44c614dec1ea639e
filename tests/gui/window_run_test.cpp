// SPDX-License-Identifier: GPL-3.0-or-later
// The way through the window: from a file, over a mask that is composed, to a run and a look at what it measured.
#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTableView>
#include <QToolButton>

#include "app/desktop/mask_page.h"
#include "app/desktop/timeline_page.h"
#include "tests/gui/run_in_window.h"
#include "tests/support/paths.h"
#include "widgets/results/run_comparison_view.h"

namespace longscope {
namespace {

class WindowFlow : public WindowRun {
  protected:
    void open_small_experiment() {
        window_->open_file(QStringLiteral(LONGSCOPE_SOURCE_DIR "/resources/experiments/prefix-2k.json"));
        wait_for_answer();
    }
    void run() {
        QTest::mouseClick(&find<QPushButton>("run"), Qt::LeftButton);
        ASSERT_TRUE(QTest::qWaitFor([this] { return status().going_on(); }));
        ASSERT_TRUE(wait_for_end());
        ASSERT_EQ(status().state.toStdString(), "done") << message();
    }
    template <typename Widget>
    Widget& in_layer(int layer, const char* name) {
        auto* found = find<QWidget>(("layer_" + std::to_string(layer)).c_str()).findChild<Widget*>(QLatin1String(name));
        EXPECT_NE(found, nullptr) << name;
        return *found;
    }
    void compose() {
        for (QAction* leaf : find<QToolButton>("add_layer").menu()->actions()) {
            if (leaf->text() == QStringLiteral("window")) {
                leaf->trigger();
            }
        }
        auto& join = in_layer<QComboBox>(3, "join");
        join.setFocus();
        QTest::keyClicks(&join, QStringLiteral("or"));
        in_layer<QSpinBox>(3, "left").setValue(63);
        QTest::mouseClick(&in_layer<QToolButton>(3, "up"), Qt::LeftButton);
        QTest::mouseClick(&in_layer<QCheckBox>(3, "visible"), Qt::LeftButton, {}, {8, 8});
    }
};

TEST_F(WindowFlow, FromAFileOverAComposedMaskToARunThatIsLookedAt) {
    open_small_experiment();
    ASSERT_EQ(window_->document().stack().size(), 3U);
    compose();
    const Json composed = parse_json(
        R"({"or": [{"and": [{"documents": {}}, {"causal": {}}]}, {"window": {"left": 63, "right": 0}}]})", "expected");
    EXPECT_EQ(experiment()["mask"], composed) << "the prefix is hidden";
    wait_for_answer();
    const std::int64_t pairs = window_->evaluator().current()->cost.pairs;

    run();
    EXPECT_EQ(message(), "Run 1 is done.");
    EXPECT_EQ(status().done, 1);
    EXPECT_EQ(status().ranks.size(), 2U) << "what each rank does is shown";
    EXPECT_NE(process_of_rank(0), process_of_rank(1));
    EXPECT_TRUE(find<QPlainTextEdit>("run_log").toPlainText().contains(QStringLiteral("repetition")));
    EXPECT_EQ(find<QLabel>("run_state").text(), QStringLiteral("Run 1, prefix-2k: done"));
    ASSERT_TRUE(wait_for_row(1, "done"));
    EXPECT_TRUE(QTest::qWaitFor([this] { return window_->timeline_page().has_trace(); }, patience_ms))
        << "what was just run is shown at once";

    // Another one, which differs in one field.
    window_->document().edit(QStringLiteral("Dispatch"), {}, [](Json& json) { json["layout"]["dispatch"] = "zigzag"; });
    run();
    ASSERT_TRUE(wait_for_row(2, "done"));

    // The first is opened from the table.
    window_->document().start_new();
    action("view.tab_4").trigger();
    QTableView& table = window_->results().view();
    table.setCurrentIndex(window_->results().model().index(window_->results().model().row_of(1), 1));
    QTest::keyClick(&table, Qt::Key_Return);
    ASSERT_TRUE(QTest::qWaitFor([&] { return experiment()["mask"] == composed; }, patience_ms)) << message();
    EXPECT_EQ(experiment()["name"], "prefix-2k");
    EXPECT_FALSE(window_->document().modified());
    EXPECT_EQ(window_->tabs().currentWidget(), &window_->timeline_page());
    EXPECT_TRUE(window_->timeline_page().caption().startsWith(QStringLiteral("run 1,")))
        << window_->timeline_page().caption().toStdString();
    wait_for_answer();
    ASSERT_NE(window_->mask_page().canvas().shown(), nullptr);
    EXPECT_EQ(window_->evaluator().current()->cost.pairs, pairs);
    EXPECT_EQ(window_->mask_page().canvas().shown()->draw.mask->pairs_in({{0, 2048}, {0, 2048}}), pairs);

    // Both are compared.
    auto& comparison = *window_->findChild<RunComparisonView*>();
    window_->results().select_runs({1, 2});
    ASSERT_TRUE(QTest::qWaitFor([&] { return !comparison.text().isEmpty(); }, patience_ms));
    const QString text = comparison.text();
    EXPECT_TRUE(text.contains(QStringLiteral("1: prefix-2k (done)"))) << text.toStdString();
    EXPECT_TRUE(text.contains(QStringLiteral("2: prefix-2k (done)"))) << text.toStdString();
    EXPECT_TRUE(text.contains(QRegularExpression(QStringLiteral("dispatch\t\"?contiguous\"?\t\"?zigzag\"?"))))
        << text.toStdString();
    window_->results().select_runs({2});
    EXPECT_TRUE(comparison.text().isEmpty());
}

TEST_F(WindowFlow, ARunThatIsOpenedHasTheLengthsThatItRanWith) {
    open_small_experiment();
    window_->open_file(put(QStringLiteral("lengths.txt"), "100\n"));
    wait_for_answer();
    ASSERT_NE(window_->evaluator().current(), nullptr) << window_->evaluator().refusal().toStdString();
    const std::int64_t pairs = window_->evaluator().current()->cost.pairs;
    run();
    (void)put(QStringLiteral("lengths.txt"), "700\n");
    window_->document().start_new();
    ASSERT_TRUE(wait_for_row(1, "done"));
    window_->results().select_runs({1});
    action("run.open").trigger();
    ASSERT_TRUE(QTest::qWaitFor([&] { return experiment()["name"] == "prefix-2k"; }, patience_ms)) << message();
    wait_for_answer();
    ASSERT_NE(window_->evaluator().current(), nullptr) << window_->evaluator().refusal().toStdString();
    EXPECT_EQ(window_->evaluator().current()->cost.pairs, pairs);
}

TEST_F(WindowFlow, ARunBeginsWithWhatIsBeingTypedOnceItIsWorkedOut) {
    open_small_experiment();
    auto& name = find<QLineEdit>("name");
    name.setFocus();
    name.selectAll();
    QTest::keyClicks(&name, QStringLiteral("typed"));
    action("run.start").trigger();
    ASSERT_TRUE(QTest::qWaitFor([this] { return status().going_on(); }));
    ASSERT_TRUE(wait_for_end());
    EXPECT_EQ(find<QLabel>("run_state").text(), QStringLiteral("Run 1, typed: done"));
}

TEST_F(WindowFlow, ARunThatIsInfeasibleSaysSoAndIsStored) {
    open_small_experiment();
    window_->document().edit(QStringLiteral("Layout"), {}, [](Json& json) {
        json["layout"] = {{"ranks", 3}, {"strategy", "ulysses"}};
    });
    wait_for_answer();
    action("run.start").trigger();
    ASSERT_TRUE(wait_for_end());
    EXPECT_EQ(status().state.toStdString(), "infeasible") << message();
    EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::error);
    EXPECT_NE(message().find("heads"), std::string::npos) << message();
    EXPECT_TRUE(wait_for_row(1, "infeasible"));
}

}  // namespace
}  // namespace longscope
