// SPDX-License-Identifier: GPL-3.0-or-later
// A mask is composed as a stack of layers, with the mouse or the keys.
#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QSpinBox>
#include <QTest>
#include <QToolButton>

#include "engine/mask/expression.h"
#include "tests/gui/window_fixture.h"
#include "widgets/base/colours.h"

namespace longscope {
namespace {

class MaskLayers : public WindowTest {
  protected:
    MaskLayers() {
        window_->activateWindow();
        EXPECT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    }
    void add(const char* leaf) {
        for (QAction* entry : find<QToolButton>("add_layer").menu()->actions()) {
            if (entry->text() == QLatin1String(leaf)) {
                entry->trigger();
                return;
            }
        }
        FAIL() << "no leaf " << leaf;
    }
    QWidget& row(int index) { return find<QWidget>(("layer_" + std::to_string(index)).c_str()); }
    template <typename Widget>
    Widget& in_row(int index, const char* name) {
        auto* found = row(index).findChild<Widget*>(QLatin1String(name));
        EXPECT_NE(found, nullptr) << name;
        return *found;
    }
    void click(int index, const char* name) {
        auto& button = in_row<QAbstractButton>(index, name);
        if (auto* box = qobject_cast<QCheckBox*>(&button)) {
            QTest::mouseClick(box, Qt::LeftButton, {}, {8, box->height() / 2});
        } else {
            QTest::mouseClick(&button, Qt::LeftButton);
        }
    }
    void choose(QComboBox& box, const QString& text) {
        box.setFocus();
        QTest::keyClicks(&box, text);
        ASSERT_EQ(box.currentText(), text);
    }
    Json mask() const { return experiment()["mask"]; }
    static Json json(const char* text) { return parse_json(text, "expected"); }
};

TEST_F(MaskLayers, AreAddedJoinedComplementedAndChanged) {
    add("window");
    EXPECT_EQ(mask(), json(R"({"and": [{"causal": {}}, {"window": {"left": 1023, "right": 0}}]})"));
    choose(in_row<QComboBox>(1, "join"), QStringLiteral("or"));
    EXPECT_EQ(mask(), json(R"({"or": [{"causal": {}}, {"window": {"left": 1023, "right": 0}}]})"));
    auto& left = in_row<QSpinBox>(1, "left");
    left.setFocus();
    left.selectAll();
    QTest::keyClicks(&left, QStringLiteral("255"));
    QTest::keyClick(&left, Qt::Key_Return);
    EXPECT_EQ(mask(), json(R"({"or": [{"causal": {}}, {"window": {"left": 255, "right": 0}}]})"));
    click(1, "not");
    EXPECT_EQ(mask(), json(R"({"or": [{"causal": {}}, {"not": {"window": {"left": 255, "right": 0}}}]})"));
    wait_for_answer();
    EXPECT_NE(window_->evaluator().current(), nullptr) << window_->evaluator().refusal().toStdString();
}

// Lists are typed as JSON; what is wrong says so below its field, and stands in the document as it was typed.
TEST_F(MaskLayers, HaveFieldsForListsChoicesAndTicks) {
    add("tree");
    const auto type = [&](const char* text) {
        auto& line = in_row<QLineEdit>(1, "parents");
        line.setFocus();
        line.selectAll();
        QTest::keyClicks(&line, QLatin1String(text));
        QTest::keyClick(&line, Qt::Key_Return);
        return in_row<QLabel>(1, "parameter_error").text();
    };
    EXPECT_EQ(type("[-1, 0, 0]"), QString());
    EXPECT_EQ(mask()["and"][1], json(R"({"tree": {"parents": [-1, 0, 0]}})"));
    EXPECT_TRUE(type("[-1, 0").startsWith(QStringLiteral("parents: [-1, 0 is not a list of integers, like [-1,")))
        << in_row<QLabel>(1, "parameter_error").text().toStdString();
    EXPECT_EQ(mask()["and"][1], json(R"({"tree": {"parents": "[-1, 0"}})"));
    EXPECT_TRUE(type("[-1, 3]").startsWith(QStringLiteral("mask.tree.parents[1]: 3 does not come before its child")));
    EXPECT_FALSE(in_row<QLabel>(1, "parameter_error").isHidden());
    EXPECT_EQ(mask()["and"][1], json(R"({"tree": {"parents": [-1, 3]}})"));
    EXPECT_EQ(type("[-1]"), QString());
    EXPECT_TRUE(in_row<QLabel>(1, "parameter_error").isHidden());

    add("global_tokens");
    choose(in_row<QComboBox>(2, "axis"), QStringLiteral("rows"));
    EXPECT_EQ(mask()["and"][2], json(R"({"global_tokens": {"tokens": 64, "axis": "rows"}})"));
    add("shifted_groups");
    click(3, "guard");
    EXPECT_EQ(mask()["and"][3], json(R"({"shifted_groups": {"group": 1024, "shift": 512, "guard": false}})"));
}

// A condition is typed as it is, without quotes; below it stands where it is wrong, while it is being typed.
TEST_F(MaskLayers, HaveAFieldForAConditionThatSaysWhereItIsWrong) {
    add("custom");
    auto& line = in_row<QLineEdit>(1, "expression");
    auto& error = in_row<QLabel>(1, "parameter_error");
    EXPECT_EQ(line.text(), QStringLiteral("k <= q && (doc(q) == doc(k) || k < 64)"));
    EXPECT_TRUE(error.isHidden());
    line.setFocus();
    line.selectAll();
    QTest::keyClicks(&line, QStringLiteral("k <= q && foo"));
    EXPECT_FALSE(error.isHidden()) << "before Return";
    EXPECT_TRUE(error.text().contains(QStringLiteral("character 11: foo is not known here")))
        << error.text().toStdString();
    EXPECT_TRUE(QTest::qWaitFor([&] { return error.mapTo(window_.get(), {}).y() > line.mapTo(window_.get(), {}).y(); }))
        << "below it";
    QTest::keyClick(&line, Qt::Key_Return);
    EXPECT_FALSE(error.isHidden());
    EXPECT_EQ(mask()["and"][1]["custom"]["expression"], "k <= q && foo") << "what is shown is the document";
    EXPECT_EQ(line.text(), QStringLiteral("k <= q && foo")) << "to go on with";
    QTest::keyClick(&line, Qt::Key_Backspace);
    QTest::keyClick(&line, Qt::Key_Backspace);
    QTest::keyClick(&line, Qt::Key_Backspace);
    QTest::keyClicks(&line, QStringLiteral("k % 8 < 2"));
    EXPECT_TRUE(error.isHidden()) << error.text().toStdString();
    QTest::keyClick(&line, Qt::Key_Return);
    EXPECT_EQ(mask()["and"][1]["custom"]["expression"], "k <= q && k % 8 < 2");
    window_->document().edit(QStringLiteral("Break"), {}, [](Json& document) {
        document["mask"] = parse_json(R"({"custom": {"expression": "k <"}})", "mask");
    });
    EXPECT_TRUE(in_row<QLabel>(0, "parameter_error").text().contains(QStringLiteral("character 4")))
        << "also of what came from elsewhere";
}

// Nothing is computed, run or saved in place of what stands in a field.
TEST_F(MaskLayers, ThatAreWrongAreTheDocumentAndRefused) {
    const QString path = file(QStringLiteral("wrong.json"));
    chooser_->answers = {path};
    add("tree");
    wait_for_answer();
    auto& line = in_row<QLineEdit>(1, "parents");
    auto& error = in_row<QLabel>(1, "parameter_error");
    const QColor plain = line.palette().color(QPalette::Text);
    line.setFocus();
    line.selectAll();
    QTest::keyClicks(&line, QStringLiteral("[-1, 3]"));
    action("run.start").trigger();
    wait_for_answer();
    EXPECT_EQ(window_->evaluator().current(), nullptr);
    EXPECT_FALSE(window_->runs().status().going_on());
    EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::error);
    EXPECT_TRUE(window_->messages().text().contains(QStringLiteral("tree.parents[1]")))
        << window_->messages().text().toStdString();
    EXPECT_TRUE(find<QLabel>("cost_state").text().contains(QStringLiteral("Out of date")));
    const QColor wrong = to_qcolor(window_->appearance().theme().error);
    EXPECT_EQ(error.palette().color(error.foregroundRole()), wrong);
    EXPECT_EQ(line.palette().color(QPalette::Text), wrong) << "the field is marked";

    action("file.save").trigger();
    EXPECT_EQ(parse_json(text_of(path), "file")["mask"]["and"][1], json(R"({"tree": {"parents": [-1, 3]}})"));
    EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::warning);
    EXPECT_TRUE(window_->messages().text().contains(QStringLiteral("tree.parents[1]")));

    line.selectAll();
    QTest::keyClicks(&line, QStringLiteral("[-1, 0]"));
    QTest::keyClick(&line, Qt::Key_Return);
    EXPECT_EQ(line.palette().color(QPalette::Text), plain);
    EXPECT_TRUE(window_->messages().text().isEmpty()) << "it is mended";
}

TEST_F(MaskLayers, ThatWereRefusedAreTakenBackAlone) {
    add("tree");
    auto& line = in_row<QLineEdit>(1, "parents");
    const auto type = [&](const char* text) {
        line.setFocus();
        line.selectAll();
        QTest::keyClicks(&line, QLatin1String(text));
        QTest::keyClick(&line, Qt::Key_Return);
    };
    type("[-1, 0]");
    type("[-1, 0");
    QTest::keyClick(&line, Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(mask()["and"][1], json(R"({"tree": {"parents": [-1, 0]}})"));
    EXPECT_EQ(in_row<QLineEdit>(1, "parents").text(), QStringLiteral("[-1,0]"));
    EXPECT_TRUE(in_row<QLabel>(1, "parameter_error").isHidden());
}

// Every leaf begins with a mask that the window's first experiment can hold.
TEST_F(MaskLayers, OfEveryLeafBeginWithAMask) {
    for (const LeafEntry& leaf : mask_leaves()) {
        add(std::string(leaf.name).c_str());
        const Json added = mask()["and"].back();
        EXPECT_EQ(added.begin().key(), leaf.name);
        EXPECT_NO_THROW((void)compile_mask(parse_mask(added, "mask"), {8192, 8192, {}})) << leaf.name;
        for (const LeafParameter& parameter : leaf.parameters) {
            in_row<QWidget>(1, std::string(parameter.name).c_str());
        }
        window_->document().undo_stack().undo();
    }
}

TEST_F(MaskLayers, AreHiddenAndShownAgain) {
    add("sink");
    click(0, "visible");
    EXPECT_EQ(mask(), json(R"({"sink": {"tokens": 4}})"));
    EXPECT_EQ(window_->document().stack().size(), 2U);
    EXPECT_NE(window_->findChild<QWidget*>(QStringLiteral("layer_1")), nullptr) << "a hidden layer keeps its row";
    click(0, "visible");
    EXPECT_EQ(mask(), json(R"({"and": [{"causal": {}}, {"sink": {"tokens": 4}}]})"));
    window_->document().undo_stack().undo();
    EXPECT_FALSE(in_row<QCheckBox>(0, "visible").isChecked());
}

TEST_F(MaskLayers, AreMovedAndRemoved) {
    add("sink");
    add("documents");
    EXPECT_FALSE(in_row<QToolButton>(0, "up").isEnabled());
    EXPECT_FALSE(in_row<QToolButton>(2, "down").isEnabled());
    click(2, "up");
    EXPECT_EQ(mask(), json(R"({"and": [{"causal": {}}, {"documents": {}}, {"sink": {"tokens": 4}}]})"));
    click(0, "remove");
    click(0, "down");
    EXPECT_EQ(mask(), json(R"({"and": [{"sink": {"tokens": 4}}, {"documents": {}}]})"));
    click(1, "remove");
    EXPECT_EQ(mask(), json(R"({"sink": {"tokens": 4}})"));
    EXPECT_FALSE(in_row<QToolButton>(0, "remove").isEnabled()) << "a mask has a layer";
    while (window_->document().undo_stack().canUndo()) {
        window_->document().undo_stack().undo();
    }
    EXPECT_EQ(mask(), json(R"({"causal": {}})"));
}

TEST_F(MaskLayers, KeepTheFocusWhereItWasWhileTheyAreMovedByKeys) {
    add("sink");
    add("documents");
    in_row<QToolButton>(2, "up").setFocus();
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Space);
    EXPECT_EQ(QApplication::focusWidget(), &in_row<QToolButton>(1, "up"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Space);
    EXPECT_EQ(mask(), json(R"({"and": [{"documents": {}}, {"causal": {}}, {"sink": {"tokens": 4}}]})"));
    EXPECT_EQ(QApplication::focusWidget(), &in_row<QToolButton>(0, "down")) << "it cannot go further up";
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Space);
    EXPECT_EQ(mask(), json(R"({"and": [{"causal": {}}, {"documents": {}}, {"sink": {"tokens": 4}}]})"));
    in_row<QToolButton>(2, "remove").setFocus();
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Space);
    EXPECT_EQ(QApplication::focusWidget(), &in_row<QToolButton>(1, "remove"));
}

TEST_F(MaskLayers, WhatIsHalfTypedCountsWhenAButtonIsClicked) {
    add("sink");
    auto& tokens = in_row<QSpinBox>(1, "tokens");
    tokens.setFocus();
    tokens.selectAll();
    QTest::keyClicks(&tokens, QStringLiteral("9"));
    click(1, "up");
    EXPECT_EQ(mask(), json(R"({"and": [{"sink": {"tokens": 9}}, {"causal": {}}]})"));
}

TEST_F(MaskLayers, WhatIsHalfTypedDoesNotOutliveItsStack) {
    add("sink");
    auto& tokens = in_row<QSpinBox>(1, "tokens");
    tokens.setFocus();
    tokens.selectAll();
    QTest::keyClicks(&tokens, QStringLiteral("9"));
    window_->document().undo_stack().undo();
    EXPECT_EQ(mask(), json(R"({"causal": {}})"));
    EXPECT_TRUE(window_->document().undo_stack().canRedo());
}

TEST_F(MaskLayers, NumbersBeyondAFieldAreKeptUntilTheyAreChanged) {
    window_->document().edit(QStringLiteral("Odd"), {}, [](Json& document) {
        document["mask"] = {{"window", {{"left", 1e300}, {"right", -7}}}};
    });
    EXPECT_EQ(in_row<QSpinBox>(0, "right").value(), 0);
    EXPECT_EQ(mask(), json(R"({"window": {"left": 1e300, "right": -7}})"));
    in_row<QSpinBox>(0, "left").setValue(5);
    EXPECT_EQ(mask(), json(R"({"window": {"left": 5, "right": -7}})"));
}

}  // namespace
}  // namespace longscope
