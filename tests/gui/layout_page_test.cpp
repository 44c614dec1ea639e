// SPDX-License-Identifier: GPL-3.0-or-later
// The page of the layout shows the experiment as it is composed now, and gives it another layout in one step.
#include "app/desktop/layout_page.h"

#include <QComboBox>
#include <QLabel>
#include <QTabBar>
#include <QTableView>
#include <QTest>

#include "engine/parallel/strategy.h"
#include "tests/gui/window_fixture.h"
#include "tests/support/mouse.h"
#include "tests/support/sanitized.h"
#include "tests/support/turns.h"
#include "widgets/base/colours.h"

namespace longscope {
namespace {

class WindowLayoutPage : public WindowTest {
  protected:
    WindowLayoutPage() {
        window_->tabs().setCurrentWidget(&page());
        wait_for_page();
    }
    [[nodiscard]] LayoutPage& page() const { return window_->layout_page(); }
    void wait_for_page() {
        wait_for_answer();
        ASSERT_TRUE(QTest::qWaitFor([this] { return page().current(); }, 60'000));
    }
    void change(const std::function<void(Json&)>& edit) {
        window_->document().edit(QStringLiteral("Change"), {}, edit);
        wait_for_page();
    }
    void set_layout(const Json& layout) {
        change([&](Json& json) { json["layout"] = layout; });
    }
    // What stands in a row of the choices: strategy with its degree, and dispatch.
    [[nodiscard]] int row_of(const QString& strategy, const QString& dispatch) {
        const QAbstractItemModel& rows = *page().choices().view().model();
        for (int row = 0; row < rows.rowCount(); ++row) {
            if (rows.index(row, 0).data().toString() == strategy && rows.index(row, 1).data().toString() == dispatch) {
                return row;
            }
        }
        return -1;
    }
    [[nodiscard]] std::string empty_text() const { return page().steps().accessibleDescription().toStdString(); }
};

TEST_F(WindowLayoutPage, ShowsTheLayoutOfTheDocumentAsItIsNow) {
    ASSERT_NE(page().steps().content(), nullptr) << empty_text();
    EXPECT_TRUE(page().caption().startsWith(QStringLiteral("ring over 2 ranks, dispatch zigzag, forward: 2 steps")))
        << page().caption().toStdString();
    set_layout({{"ranks", 4}, {"strategy", "all_gather"}, {"dispatch", "contiguous"}});
    EXPECT_TRUE(page().caption().startsWith(QStringLiteral("all_gather over 4 ranks, dispatch contiguous, forward")))
        << page().caption().toStdString();
    EXPECT_EQ(page().steps().sheet().rows, 4);
    EXPECT_EQ(page().communication().sheet().columns, 4);
    EXPECT_EQ(page().memory().chart().ranks, 4);
    page().steps().choose(CellPlace{2, 0});
    EXPECT_TRUE(find<QLabel>("layout_facts").text().startsWith(QStringLiteral("Rank 2, step 0: ")));
}

TEST_F(WindowLayoutPage, IsNotWorkedOutWhileNobodyLooks) {
    window_->tabs().setCurrentIndex(0);
    const QString before = page().caption();
    window_->document().edit(QStringLiteral("Ranks"), {}, [](Json& json) { json["layout"]["ranks"] = 8; });
    wait_for_answer();
    EXPECT_FALSE(page().current());
    EXPECT_EQ(page().caption(), before);
    window_->tabs().setCurrentWidget(&page());
    wait_for_page();
    EXPECT_TRUE(page().caption().startsWith(QStringLiteral("ring over 8 ranks"))) << page().caption().toStdString();
}

TEST_F(WindowLayoutPage, SaysWhyThereIsNothingToShow) {
    set_layout({{"ranks", 5}, {"strategy", "ulysses"}, {"dispatch", "zigzag"}});
    EXPECT_EQ(page().steps().content(), nullptr);
    EXPECT_EQ(empty_text(),
              "This layout is not feasible: Ulysses needs query heads divisible by 5 ranks: 8 are given. The choices "
              "tell which ones are.");
    EXPECT_EQ(page().memory().accessibleDescription().toStdString(), empty_text());
    set_layout({{"ranks", 1000}, {"strategy", "ring"}, {"dispatch", "zigzag"}});
    EXPECT_EQ(empty_text(), "layout.ranks: 1000 are too many to show step by step; accepted: 1 to 256");
    change([](Json& json) { json["shape"]["query_heads"] = 7; });
    EXPECT_TRUE(empty_text().starts_with("There is no layout to show: ")) << empty_text();
    window_->document().undo_stack().undo();
    window_->document().undo_stack().undo();
    window_->document().undo_stack().undo();
    wait_for_page();
    EXPECT_NE(page().steps().content(), nullptr);
}

TEST_F(WindowLayoutPage, CountsTheMessagesOfOnePassOrOfBoth) {
    page().show_part(LayoutPage::Part::communication);
    auto& direction = find<QComboBox>("layout_direction");
    EXPECT_FALSE(direction.isVisible()) << "there is but one pass";
    change([](Json& json) { json["pass"] = "forward_backward"; });
    EXPECT_TRUE(direction.isVisible());
    const auto first_line = [this] { return page().csv_maker()().substr(0, 60); };
    const std::string both = first_line();
    direction.setCurrentIndex(1);
    const std::string forward = first_line();
    direction.setCurrentIndex(2);
    const std::string backward = first_line();
    EXPECT_NE(forward, both);
    EXPECT_NE(backward, both);
    EXPECT_NE(backward, forward);
    page().show_part(LayoutPage::Part::memory);
    EXPECT_FALSE(direction.isVisible());
}

TEST_F(WindowLayoutPage, GivesTheExperimentAChosenLayoutInOneStepThatCanBeUndone) {
    set_layout({{"ranks", 4}, {"strategy", "usp"}, {"dispatch", "zigzag"}, {"ulysses", 2}});
    action("view.layout_choices").trigger();
    wait_for_page();
    const Json before = experiment();
    const int steps = window_->document().undo_stack().count();
    LayoutChoiceTable& choices = page().choices();
    ASSERT_GT(choices.model().rowCount(), 0);
    ASSERT_TRUE(choices.model().current_row()) << "the layout that it has is marked";
    EXPECT_EQ(choices.model().at(*choices.model().current_row()).strategy, "usp");
    const int row = row_of(QStringLiteral("all_gather"), QStringLiteral("striped"));
    ASSERT_GE(row, 0);
    choices.view().selectRow(row);
    QTest::keyClick(&choices.view(), Qt::Key_Return);
    EXPECT_EQ(experiment()["layout"], Json({{"ranks", 4}, {"strategy", "all_gather"}, {"dispatch", "striped"}}));
    EXPECT_EQ(window_->document().undo_stack().count(), steps + 1);
    wait_for_page();
    EXPECT_EQ(choices.model().at(*choices.model().current_row()).strategy, "all_gather");
    EXPECT_EQ(row_of(QStringLiteral("all_gather"), QStringLiteral("striped")), row)
        << "nothing moves under the pointer";
    window_->document().undo_stack().undo();
    EXPECT_EQ(experiment(), before);
    const int degrees = row_of(QStringLiteral("usp (ulysses 2)"), QStringLiteral("contiguous"));
    ASSERT_GE(degrees, 0);
    choices.view().selectRow(degrees);
    QTest::keyClick(&choices.view(), Qt::Key_Return);
    EXPECT_EQ(experiment()["layout"]["ulysses"], 2);
    EXPECT_EQ(experiment()["layout"]["dispatch"], "contiguous");
}

TEST_F(WindowLayoutPage, ListsEveryStrategyWithEveryDispatchAndTheReasons) {
    set_layout({{"ranks", 5}, {"strategy", "ring"}, {"dispatch", "zigzag"}});
    page().show_part(LayoutPage::Part::choices);
    wait_for_page();
    for (const StrategyEntry& strategy : strategies()) {
        bool listed = false;
        for (int row = 0; row < page().choices().model().rowCount(); ++row) {
            listed = listed || page().choices().model().at(row).strategy == strategy.name;
        }
        EXPECT_TRUE(listed) << strategy.name;
    }
    const int refused = row_of(QStringLiteral("ulysses"), QStringLiteral("zigzag"));
    ASSERT_GE(refused, 0);
    EXPECT_EQ(page().choices().view().model()->index(refused, static_cast<int>(LayoutColumn::remark)).data().toString(),
              QStringLiteral("Ulysses needs query heads divisible by 5 ranks: 8 are given"));
    // Another layout on the same ranks leaves the table as it is; more ranks do not.
    const auto* table = page().choices().model().options().get();
    set_layout({{"ranks", 5}, {"strategy", "all_gather"}, {"dispatch", "zigzag"}});
    EXPECT_EQ(page().choices().model().options().get(), table);
    set_layout({{"ranks", 6}, {"strategy", "all_gather"}, {"dispatch", "zigzag"}});
    EXPECT_EQ(page().choices().model().options()->ranks, 6);
}

TEST_F(WindowLayoutPage, IsSavedAndCopied) {
    for (const LayoutPage::Part part : {LayoutPage::Part::steps, LayoutPage::Part::communication,
                                        LayoutPage::Part::memory, LayoutPage::Part::choices}) {
        page().show_part(part);
        wait_for_page();
        for (const char* ending : {"svg", "csv"}) {
            const QString path =
                file(QStringLiteral("part%1.%2").arg(static_cast<int>(part)).arg(QLatin1String(ending)));
            chooser_->answers = {path};
            window_->messages().clear();
            action("file.export").trigger();
            ASSERT_TRUE(QTest::qWaitFor([&] { return !window_->messages().text().isEmpty(); }, 20'000));
            const bool table = part == LayoutPage::Part::choices;
            EXPECT_EQ(QFile::exists(path), !table || std::string(ending) == "csv")
                << window_->messages().text().toStdString();
        }
        action("file.copy_view").trigger();
    }
    EXPECT_NE(text_of(file(QStringLiteral("part0.svg"))).find("untitled: steps"), std::string::npos);
    EXPECT_EQ(text_of(file(QStringLiteral("part1.csv"))).substr(0, 22), "from,to,bytes,messages");
    set_layout({{"ranks", 5}, {"strategy", "ulysses"}, {"dispatch", "zigzag"}});
    page().show_part(LayoutPage::Part::steps);
    chooser_->answers = {file(QStringLiteral("none.svg"))};
    action("file.export").trigger();
    EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::error);
}

TEST_F(WindowLayoutPage, RemembersWhichPartWasShown) {
    find<QTabBar>("layout_parts").setCurrentIndex(2);
    EXPECT_EQ(page().part(), LayoutPage::Part::memory);
    EXPECT_TRUE(window_->close());
    window_.reset();
    open_window();
    EXPECT_EQ(page().part(), LayoutPage::Part::memory);
    EXPECT_EQ(find<QTabBar>("layout_parts").currentIndex(), 2);
}

TEST_F(WindowLayoutPage, StaysResponsiveOverAMillionTokensAndManyRanks) {
    change([](Json& json) {
        json["sequence"] = {{"tokens", 1 << 20},
                            {"lengths", {{"histogram", {{"[256,1024)", 0.7}, {"[1024,65536)", 0.3}}}}}};
        json["mask"] = parse_json(R"({"and": [{"documents": {}}, {"causal": {}}]})", "mask");
        json["pass"] = "forward_backward";
        json["layout"] = {{"ranks", 256}, {"strategy", "ring"}, {"dispatch", "per_document_zigzag"}};
    });
    ASSERT_NE(page().steps().content(), nullptr) << empty_text();
    TurnWatch watch;
    const auto until_painted = [&](const std::string& what, const std::function<void()>& act) {
        watch.turn(what, act);
        watch.turn([&] { page().repaint(); });
    };
    for (const LayoutPage::Part part :
         {LayoutPage::Part::steps, LayoutPage::Part::communication, LayoutPage::Part::memory}) {
        until_painted("show a part", [&] { page().show_part(part); });
        for (const int key : {Qt::Key_F, Qt::Key_Down, Qt::Key_Right, Qt::Key_End, Qt::Key_W, Qt::Key_F, Qt::Key_S}) {
            QWidget* view = part == LayoutPage::Part::steps           ? static_cast<QWidget*>(&page().steps())
                            : part == LayoutPage::Part::communication ? static_cast<QWidget*>(&page().communication())
                                                                      : static_cast<QWidget*>(&page().memory());
            until_painted("key " + std::to_string(key) + " in part " + std::to_string(static_cast<int>(part)),
                          [&] { QTest::keyClick(view, static_cast<Qt::Key>(key)); });
        }
    }
    until_painted("change the dispatch", [&] {
        window_->document().edit(QStringLiteral("Change"), {},
                                 [](Json& json) { json["layout"]["dispatch"] = "zigzag"; });
    });
    EXPECT_TRUE(watch.wait([&] { return !window_->evaluator().busy() && page().current(); }));
    EXPECT_LT(watch.longest_ms(), 50 * sanitizer_slowdown) << watch.longest(1).front().what;
}

}  // namespace
}  // namespace longscope
