// SPDX-License-Identifier: GPL-3.0-or-later
// The views of a layout: cells and ranks that are chosen with the mouse or with the keys, tables that are sorted.
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <nlohmann/json.hpp>

#include "tests/support/mouse.h"
#include "tests/support/pictures.h"
#include "widgets/layout/layout_choice_table.h"
#include "widgets/layout/memory_view.h"
#include "widgets/layout/sheet_canvas.h"

namespace longscope {
namespace {

// Four heads, causal, 100 tokens a rank.
std::shared_ptr<const ShownLayout> shown(const std::string& strategy, std::int64_t ranks, Pass pass = Pass::forward,
                                         const std::string& dispatch = "zigzag", std::int64_t budget_bytes = 0) {
    Json document = parse_json(R"json({"longscope_experiment": 1, "name": "case", "mask": {"causal": {}},
        "shape": {"query_heads": 4, "key_value_heads": 4, "head_dim_qk": 16, "head_dim_v": 16, "dtype": "float32"}})json",
                               "test");
    document["pass"] = to_string(pass);
    document["sequence"] = {{"tokens", 100 * ranks}};
    document["layout"] = {{"ranks", ranks}, {"strategy", strategy}, {"dispatch", dispatch}};
    document["backend"] = {{"name", "cpu"}, {"memory_per_rank_bytes", budget_bytes}};
    const CompiledDraw draw = compile_draw(parse_experiment(document, ".", {{strategy}, {dispatch}, {"cpu"}}), 0);
    const std::atomic<bool> going_on{false};
    LayoutPreview preview = preview_layout(draw, going_on);
    std::string caption = layout_caption(draw.experiment, preview);
    return std::make_shared<const ShownLayout>(ShownLayout{draw.experiment, std::move(preview), std::move(caption)});
}

class SheetCanvasTest : public testing::Test {
  protected:
    SheetCanvasTest() {
        canvas_.resize(800, 500);
        canvas_.show();
        EXPECT_TRUE(QTest::qWaitForWindowExposed(&canvas_));
    }
    QPointF middle_of(CellPlace place) {
        const Rect cell = canvas_.sheet().cell_at(place);
        return {cell.x + cell.width / 2, cell.y + cell.height / 2};
    }
    void click(CellPlace place) {
        send_mouse(*canvas_.viewport(), QEvent::MouseButtonPress, middle_of(place), Qt::LeftButton, Qt::LeftButton);
        send_mouse(*canvas_.viewport(), QEvent::MouseButtonRelease, middle_of(place), Qt::LeftButton, Qt::NoButton);
    }

    Appearance appearance_;
    SheetCanvas canvas_{appearance_};
};

TEST_F(SheetCanvasTest, AClickChoosesACellAndASecondOneNone) {
    canvas_.show_content(steps_content(shown("ring", 4)));
    const QSignalSpy changed(&canvas_, &SheetCanvas::chosen_changed);
    click({2, 1});
    EXPECT_EQ(canvas_.chosen(), (CellPlace{2, 1}));
    ASSERT_FALSE(canvas_.facts().isEmpty());
    EXPECT_EQ(canvas_.facts().first().toStdString(), "Rank 2, step 1: computes with queries of its own");
    EXPECT_TRUE(canvas_.accessibleDescription().startsWith(QStringLiteral("Rank 2, step 1")));
    click({2, 1});
    EXPECT_FALSE(canvas_.chosen());
    EXPECT_TRUE(canvas_.facts().isEmpty());
    EXPECT_EQ(changed.count(), 2);
}

TEST_F(SheetCanvasTest, KeysMoveWhatIsChosenAndBringItIntoSight) {
    canvas_.show_content(steps_content(shown("ring", 64)));
    ASSERT_GT(canvas_.horizontalScrollBar()->maximum(), 0) << "cells stay large enough to be read";
    QTest::keyClick(&canvas_, Qt::Key_Down);
    EXPECT_EQ(canvas_.chosen(), (CellPlace{0, 0})) << "the first that is seen";
    QTest::keyClick(&canvas_, Qt::Key_Up);
    EXPECT_EQ(canvas_.chosen(), (CellPlace{0, 0}));
    QTest::keyClick(&canvas_, Qt::Key_End);
    EXPECT_EQ(canvas_.chosen(), (CellPlace{0, 63}));
    EXPECT_EQ(canvas_.horizontalScrollBar()->value(), canvas_.horizontalScrollBar()->maximum());
    QTest::keyClick(&canvas_, Qt::Key_PageDown);
    const CellSheet sheet = canvas_.sheet();
    EXPECT_GT(canvas_.chosen()->row, 3);
    EXPECT_LE(sheet.cell_at(*canvas_.chosen()).bottom(), sheet.area.bottom() + 0.5);
    QTest::keyClick(&canvas_, Qt::Key_Home);
    EXPECT_EQ(canvas_.chosen()->column, 0);
    QTest::keyClick(&canvas_, Qt::Key_Escape);
    EXPECT_FALSE(canvas_.chosen());
}

TEST_F(SheetCanvasTest, ZoomsAtThePointerAndFitsEverything) {
    canvas_.show_content(steps_content(shown("ring", 64)));
    QTest::keyClick(&canvas_, Qt::Key_F);
    EXPECT_TRUE(canvas_.fits_all());
    EXPECT_EQ(canvas_.horizontalScrollBar()->maximum(), 0);
    EXPECT_EQ(canvas_.verticalScrollBar()->maximum(), 0);
    const QPointF at = middle_of({40, 30});
    const double before = canvas_.sheet().cell.width;
    const auto zoom_in = [&] {
        for (int i = 0; i < 4; ++i) {
            turn_wheel(*canvas_.viewport(), at, 1, Qt::ControlModifier);
        }
        return canvas_.sheet().place_at({at.x(), at.y()}).value();
    };
    const CellPlace first = zoom_in();  // until there is something to scroll
    const CellPlace then = zoom_in();
    EXPECT_GT(canvas_.sheet().cell.width, 3 * before);
    EXPECT_NEAR(static_cast<double>(then.row), static_cast<double>(first.row), 1);
    EXPECT_NEAR(static_cast<double>(then.column), static_cast<double>(first.column), 1);
    const int scrolled = canvas_.verticalScrollBar()->value();
    turn_wheel(*canvas_.viewport(), at, -1);
    EXPECT_GT(canvas_.verticalScrollBar()->value(), scrolled) << "without Ctrl it scrolls";
    drag_mouse(*canvas_.viewport(), at, at + QPointF(0, 60), Qt::MiddleButton);
    EXPECT_LT(canvas_.verticalScrollBar()->value(), scrolled + 60);
}

TEST_F(SheetCanvasTest, WhatIsChosenStaysWhileThereIsSuchACell) {
    canvas_.show_content(steps_content(shown("ring", 8)));
    canvas_.choose(CellPlace{5, 6});
    canvas_.show_content(steps_content(shown("ring", 7)));
    EXPECT_EQ(canvas_.chosen(), (CellPlace{5, 6}));
    canvas_.show_content(steps_content(shown("all_gather", 7)));
    EXPECT_FALSE(canvas_.chosen()) << "it has fewer steps";
    canvas_.show_content(nullptr);
    EXPECT_FALSE(canvas_.chosen());
    QTest::keyClick(&canvas_, Qt::Key_Down);
    QTest::keyClick(&canvas_, Qt::Key_W);
    EXPECT_FALSE(canvas_.chosen());
}

TEST_F(SheetCanvasTest, CopiesTheTableAsText) {
    canvas_.show_content(steps_content(shown("ring", 4)));
    QGuiApplication::clipboard()->clear();
    QTest::keyClick(&canvas_, Qt::Key_C, Qt::ControlModifier);
    ASSERT_TRUE(QTest::qWaitFor([] { return !QGuiApplication::clipboard()->text().isEmpty(); }));
    const QStringList lines = QGuiApplication::clipboard()->text().split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    EXPECT_EQ(lines.size(), 1 + 4 * 4);
    EXPECT_TRUE(lines.first().startsWith(QStringLiteral("rank\tstep\twork\t")));
}

class LayoutViewPictures : public testing::Test {
  protected:
    void take(QWidget& widget, const char* name, QSize size) {
        widget.resize(size);
        widget.show();
        EXPECT_TRUE(QTest::qWaitForWindowExposed(&widget));
        for (const bool dark : {false, true}) {
            appearance_.set_mode(dark ? Appearance::Mode::dark : Appearance::Mode::light);
            const QImage picture = render_at(widget, 1);
            save_picture(picture, QLatin1String(name), dark, 1);
            EXPECT_GT(count_colours(picture), 5) << name;
        }
    }
    Appearance appearance_;
};

TEST_F(LayoutViewPictures, OfStepsAndCommunication) {
    SheetCanvas canvas(appearance_);
    canvas.show_content(steps_content(shown("ring", 4, Pass::forward, "contiguous")));
    canvas.choose(CellPlace{1, 1});
    take(canvas, "layout-steps", {800, 460});
    canvas.show_content(steps_content(shown("ulysses", 4, Pass::forward_backward)));
    canvas.choose(CellPlace{2, 0});
    take(canvas, "layout-steps-ulysses", {800, 460});
    canvas.show_content(steps_content(shown("token_ring", 16)));
    canvas.choose(CellPlace{3, 5});
    take(canvas, "layout-steps-small", {360, 300});
    canvas.show_content(steps_content(shown("ring", 64, Pass::forward_backward)));
    take(canvas, "layout-steps-many", {800, 460});
    QTest::keyClick(&canvas, Qt::Key_F);
    take(canvas, "layout-steps-all", {800, 460});
    canvas.toggle_fit();
    canvas.show_content(communication_content(shown("usp", 16, Pass::forward_backward), std::nullopt));
    canvas.choose(CellPlace{3, 5});
    take(canvas, "layout-communication", {800, 460});
    take(canvas, "layout-communication-small", {360, 300});
    canvas.show_content(nullptr);
    canvas.set_empty_text(
        QStringLiteral("This layout is not feasible: Ulysses needs query heads divisible by 5 ranks."));
    take(canvas, "layout-nothing", {360, 300});
}

TEST_F(LayoutViewPictures, OfMemory) {
    MemoryView view(appearance_);
    view.show_layout(shown("ulysses", 4, Pass::forward_backward, "zigzag", 700'000));
    take(view, "layout-memory", {800, 460});
    take(view, "layout-memory-small", {360, 300});
    view.show_layout(shown("token_ring", 64));
    take(view, "layout-memory-many", {800, 460});
}

class MemoryViewTest : public testing::Test {
  protected:
    MemoryViewTest() {
        view_.resize(800, 500);
        view_.show();
        EXPECT_TRUE(QTest::qWaitForWindowExposed(&view_));
    }
    Appearance appearance_;
    MemoryView view_{appearance_};
};

TEST_F(MemoryViewTest, BeginsWithTheNeediestRankAndKeepsTheOneThatIsChosen) {
    const auto layout = shown("ring", 6);
    view_.show_layout(layout);
    EXPECT_EQ(view_.rank(), neediest_rank(layout->preview.memory));
    QTest::keyClick(&view_, Qt::Key_End);
    EXPECT_EQ(view_.rank(), 5);
    QTest::keyClick(&view_, Qt::Key_Right);
    EXPECT_EQ(view_.rank(), 5);
    QTest::keyClick(&view_, Qt::Key_Left);
    EXPECT_EQ(view_.rank(), 4);
    EXPECT_TRUE(view_.facts().first().startsWith(QStringLiteral("Peak: Rank 4 in step")));
    view_.show_layout(shown("ring", 5));
    EXPECT_EQ(view_.rank(), 4);
    view_.show_layout(shown("ring", 2));
    EXPECT_LT(view_.rank(), 2);
    const Rect& bars = view_.chart().bars;
    const QPointF second(bars.x + bars.width * 0.75, bars.y + 5);
    send_mouse(view_, QEvent::MouseButtonPress, second, Qt::LeftButton, Qt::LeftButton);
    EXPECT_EQ(view_.rank(), 1);
    view_.show_layout(nullptr);
    QTest::keyClick(&view_, Qt::Key_Right);
    EXPECT_TRUE(view_.facts().isEmpty());
}

LayoutOption option(const char* strategy, const char* dispatch, double work, std::int64_t bytes,
                    const char* infeasible = "") {
    LayoutOption made;
    made.strategy = strategy;
    made.dispatch = dispatch;
    made.infeasible = infeasible;
    made.largest_over_mean = work;
    made.bytes_received = bytes;
    made.memory_bytes = 2 * bytes;
    return made;
}

class LayoutChoices : public testing::Test {
  protected:
    LayoutChoices() {
        auto options = std::make_shared<LayoutOptions>();
        options->ranks = 4;
        options->dispatches = {{"contiguous", 1.7, 3, 12}, {"zigzag", 1.0, 0, 14}};
        options->layouts = {option("ring", "zigzag", 1.0, 2000), option("all_gather", "contiguous", 1.75, 900),
                            option("ring", "contiguous", 1.75, 2500),
                            option("ulysses", "zigzag", 1, 0, "Ulysses needs more heads, than there are")};
        table_.show_options(options, {});
        table_.resize(700, 300);
        table_.show();
        EXPECT_TRUE(QTest::qWaitForWindowExposed(&table_));
    }
    [[nodiscard]] QString cell(int row, LayoutColumn column) {
        const QAbstractItemModel& rows = *table_.view().model();
        return rows.index(row, static_cast<int>(column)).data().toString();
    }
    [[nodiscard]] std::string strategies() {
        std::string names;
        for (int row = 0; row < table_.view().model()->rowCount(); ++row) {
            names += (row == 0 ? "" : " ") + cell(row, LayoutColumn::strategy).toStdString();
        }
        return names;
    }
    Appearance appearance_;
    LayoutChoiceTable table_{appearance_};
};

TEST_F(LayoutChoices, IsSortedByNumbersWithWhatIsNotFeasibleAtTheEnd) {
    const QAbstractItemModelTester tester(&table_.model(), QAbstractItemModelTester::FailureReportingMode::Fatal);
    EXPECT_EQ(strategies(), "ring all_gather ring ulysses") << "as they come: the best first";
    table_.view().sortByColumn(static_cast<int>(LayoutColumn::received), Qt::AscendingOrder);
    EXPECT_EQ(strategies(), "all_gather ring ring ulysses");
    EXPECT_EQ(cell(1, LayoutColumn::received), QStringLiteral("1.95 KiB"));
    table_.view().sortByColumn(static_cast<int>(LayoutColumn::received), Qt::DescendingOrder);
    EXPECT_EQ(strategies(), "ring ring all_gather ulysses");
    EXPECT_EQ(cell(3, LayoutColumn::received), QStringLiteral("–"));
    EXPECT_EQ(cell(3, LayoutColumn::remark), QStringLiteral("Ulysses needs more heads, than there are"));
    table_.findChild<QCheckBox*>(QStringLiteral("feasible_only"))->click();
    EXPECT_EQ(strategies(), "ring ring all_gather");
}

TEST_F(LayoutChoices, ReturnADoubleClickAndTheButtonChooseWhatIsFeasible) {
    QStringList chosen;
    QObject::connect(&table_, &LayoutChoiceTable::chosen, &table_, [&](const LayoutOption& layout) {
        chosen << QString::fromStdString(layout.strategy + " " + layout.dispatch);
    });
    auto& button = *table_.findChild<QPushButton*>(QStringLiteral("use_layout"));
    EXPECT_FALSE(button.isEnabled()) << "nothing is selected";
    QTableView& view = table_.view();
    view.selectRow(1);
    QTest::keyClick(&view, Qt::Key_Return);
    view.selectRow(0);
    EXPECT_TRUE(button.isEnabled());
    button.click();
    const QPoint third = view.visualRect(view.model()->index(2, 0)).center();
    QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, third);
    QTest::mouseDClick(view.viewport(), Qt::LeftButton, {}, third);
    EXPECT_EQ(chosen.join(QStringLiteral(", ")).toStdString(), "all_gather contiguous, ring zigzag, ring contiguous");
    view.selectRow(3);
    EXPECT_FALSE(button.isEnabled());
    QTest::keyClick(&view, Qt::Key_Return);
    EXPECT_EQ(chosen.size(), 3) << "what is not feasible cannot be chosen";
}

TEST_F(LayoutChoices, MarksTheLayoutThatTheExperimentHas) {
    EXPECT_FALSE(table_.model().current_row());
    table_.model().set_current("ring", {}, "contiguous");
    EXPECT_EQ(table_.model().current_row(), 2);
    EXPECT_EQ(cell(2, LayoutColumn::remark), QStringLiteral("of this experiment"));
    EXPECT_EQ(cell(0, LayoutColumn::remark), QString());
}

TEST_F(LayoutChoices, IsWrittenAsItIsSeen) {
    table_.view().sortByColumn(static_cast<int>(LayoutColumn::received), Qt::AscendingOrder);
    const std::string csv = table_.table(',');
    EXPECT_TRUE(
        csv.starts_with("strategy,dispatch,max_over_mean,received_bytes,memory_bytes,infeasible\n"
                        "all_gather,contiguous,1.75,900,1800,\n"))
        << csv;
    EXPECT_NE(csv.find("\nulysses,zigzag,,,,\"Ulysses needs more heads, than there are\"\n"), std::string::npos) << csv;
    QTest::keyClick(&table_.view(), Qt::Key_C, Qt::ControlModifier);
    EXPECT_TRUE(QGuiApplication::clipboard()->text().startsWith(QStringLiteral("strategy\tdispatch\t")));
}

TEST_F(LayoutChoices, RemembersItsOrder) {
    table_.view().sortByColumn(static_cast<int>(LayoutColumn::memory), Qt::DescendingOrder);
    table_.findChild<QCheckBox*>(QStringLiteral("feasible_only"))->click();
    LayoutChoiceTable other(appearance_);
    other.restore_layout_state(table_.layout_state());
    other.show_options(table_.model().options(), {});
    EXPECT_EQ(other.table(','), table_.table(','));
    other.restore_layout_state(QByteArray("nonsense"));
    EXPECT_EQ(other.table(','), table_.table(','));
}

}  // namespace
}  // namespace longscope
