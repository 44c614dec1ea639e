// SPDX-License-Identifier: GPL-3.0-or-later
// The document as text and as fields: each shows what is done in the other.
#include <QComboBox>
#include <QDockWidget>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTest>

#include "app/desktop/panels/json_editor.h"
#include "tests/gui/window_fixture.h"

namespace longscope {
namespace {

class JsonText : public WindowTest {
  protected:
    JsonText() {
        find<QDockWidget>("json_dock").raise();
        editor().setFocus();
    }
    QPlainTextEdit& editor() { return find<QPlainTextEdit>("json"); }
    JsonEditor& panel() { return *dynamic_cast<JsonEditor*>(editor().parentWidget()); }
    void write(const QString& text) {
        editor().setPlainText(text);
        panel().commit();
    }
    Json shown() { return parse_json(editor().toPlainText().toStdString(), "editor"); }
};

TEST_F(JsonText, AnEditInTheFormAppearsInTheText) {
    find<QDoubleSpinBox>("layout.ranks").setValue(4);
    EXPECT_EQ(shown()["layout"]["ranks"], 4);
    EXPECT_EQ(editor().toPlainText().toStdString(), window_->document().text());
}

TEST_F(JsonText, ValidTextAppearsInTheForm) {
    Json json = experiment();
    json["layout"]["ranks"] = 8;
    json["layout"]["dispatch"] = "striped";
    json["mask"] = {{"or", {{{"causal", Json::object()}}, {{"sink", {{"tokens", 7}}}}}}};
    const QString text = QString::fromStdString(json.dump());
    write(text);
    EXPECT_EQ(find<QDoubleSpinBox>("layout.ranks").value(), 8);
    EXPECT_EQ(find<QComboBox>("layout.dispatch").currentText(), QStringLiteral("striped"));
    EXPECT_NE(window_->findChild<QWidget*>(QStringLiteral("layer_1")), nullptr);
    EXPECT_EQ(editor().toPlainText(), text) << "what is typed keeps its form";
    window_->document().undo_stack().undo();
    EXPECT_EQ(find<QDoubleSpinBox>("layout.ranks").value(), 2);
    EXPECT_EQ(shown()["layout"]["ranks"], 2);
}

TEST_F(JsonText, InvalidTextSaysWhereAndKeepsTheLastValidDocument) {
    const std::string before = window_->document().text();
    write(QStringLiteral("{\n  \"longscope_experiment\": 1,\n  \"name\": oops\n}"));
    EXPECT_TRUE(panel().problem().contains(QStringLiteral("line 3"))) << panel().problem().toStdString();
    EXPECT_EQ(window_->document().text(), before);
    EXPECT_EQ(find<QDoubleSpinBox>("layout.ranks").value(), 2);
    write(QStringLiteral("{\"longscope_experiment\": 1, \"name\": \"mended\"}"));
    EXPECT_TRUE(panel().problem().isEmpty());
    EXPECT_EQ(experiment()["name"], "mended");
}

TEST_F(JsonText, WhatIsTypedIsTakenOverAfterAPause) {
    editor().setPlainText(QStringLiteral("{\"name\": \"typed\"}"));
    EXPECT_EQ(experiment()["name"], "untitled");
    EXPECT_TRUE(QTest::qWaitFor([&] { return experiment()["name"] == "typed"; }));
    EXPECT_EQ(window_->document().undo_stack().count(), 1);
}

TEST_F(JsonText, AMeaningThatIsRefusedIsTakenOverAndNamesTheField) {
    Json json = experiment();
    json["layout"]["strategy"] = "teleport";
    write(QString::fromStdString(json.dump(2)));
    EXPECT_TRUE(panel().problem().isEmpty());
    wait_for_answer();
    EXPECT_TRUE(find<QLabel>("refusal").text().contains(QStringLiteral("layout.strategy")))
        << find<QLabel>("refusal").text().toStdString();
    EXPECT_EQ(find<QComboBox>("layout.strategy").currentIndex(), -1) << "no choice is shown that is not there";
}

TEST_F(JsonText, AStrangeDocumentDoesNotConfuseTheForm) {
    for (const char* text :
         {"{}", R"({"layout": [], "shape": [1], "sequence": ["tokens"], "mask": {"documents": []}, "backend": [2]})",
          R"({"layout": 5, "mask": [], "shape": "x", "sequence": {"lengths": 7}})",
          R"({"mask": {"window": {"left": "many"}}, "sequence": {"tokens": 1e300, "lengths": {"list": {"a": 1}}}})",
          R"({"mask": {"window": {"left": 1e300}}, "layout": {"ranks": -5, "strategy": 3}, "name": {"a": []}})",
          R"({"sequence": {"lengths": {"histogram": "none"}}, "mask": {"and": []}})"}) {
        write(QString::fromLatin1(text));
        wait_for_answer();
        EXPECT_EQ(experiment(), parse_json(text, "text"));
        EXPECT_FALSE(window_->evaluator().refusal().isEmpty());
        // What a field shows is not what it writes: only edits do.
        EXPECT_EQ(shown(), parse_json(text, "text"));
    }
    find<QDoubleSpinBox>("layout.ranks").setValue(3);
    EXPECT_EQ(experiment()["layout"]["ranks"], 3);
}

TEST_F(JsonText, UnfinishedTextStaysWhenAFieldIsEdited) {
    const QString unfinished = QStringLiteral("{\"name\": \"half");
    write(unfinished);
    find<QDoubleSpinBox>("layout.ranks").setValue(4);
    EXPECT_EQ(experiment()["layout"]["ranks"], 4);
    EXPECT_EQ(editor().toPlainText(), unfinished);
    EXPECT_TRUE(panel().problem().contains(QStringLiteral("changed elsewhere"))) << panel().problem().toStdString();
    action("edit.undo").trigger();
    EXPECT_EQ(experiment()["layout"]["ranks"], 2) << "the field was changed last";
    EXPECT_EQ(editor().toPlainText(), unfinished);

    auto& revert = find<QPushButton>("revert_text");
    ASSERT_TRUE(revert.isVisible());
    QTest::mouseClick(&revert, Qt::LeftButton);
    EXPECT_EQ(editor().toPlainText().toStdString(), window_->document().text());
    EXPECT_TRUE(panel().problem().isEmpty());
    EXPECT_FALSE(revert.isVisible());
}

TEST_F(JsonText, TextThatWasOvertakenIsTakenOverOnceItIsFinished) {
    write(QStringLiteral("{\"name\": \"whole\""));
    find<QDoubleSpinBox>("layout.ranks").setValue(4);
    write(QStringLiteral("{\"name\": \"whole\"}"));
    EXPECT_EQ(experiment(), (Json{{"name", "whole"}}));
    EXPECT_TRUE(panel().problem().isEmpty());
    action("edit.undo").trigger();
    EXPECT_EQ(experiment()["layout"]["ranks"], 4) << "nothing is lost";
}

TEST_F(JsonText, TextIsTakenOverWhenTheEditorLosesTheFocus) {
    window_->activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    editor().setFocus();
    editor().setPlainText(QStringLiteral("{\"name\": \"left\"}"));
    find<QDoubleSpinBox>("layout.ranks").setFocus();
    EXPECT_EQ(experiment()["name"], "left");
}

TEST_F(JsonText, WhatWasSaidOfTheTextGoesWithItsCause) {
    for (const bool by_undo : {true, false}) {
        write(QStringLiteral("{\"name\": oops"));
        action("file.save").trigger();
        EXPECT_EQ(window_->messages().text(), panel().problem());
        EXPECT_FALSE(panel().problem().isEmpty());
        if (by_undo) {
            find<QDoubleSpinBox>("layout.ranks").setValue(4);
            action("edit.undo").trigger();
            QTest::mouseClick(&find<QPushButton>("revert_text"), Qt::LeftButton);
        } else {
            write(QStringLiteral("{\"name\": \"mended\"}"));
        }
        EXPECT_TRUE(window_->messages().text().isEmpty()) << window_->messages().text().toStdString();
    }
}

TEST_F(JsonText, ARefusalGoesWithItsCauseToo) {
    wait_for_answer();
    Json json = experiment();
    json["layout"]["strategy"] = "teleport";
    write(QString::fromStdString(json.dump(2)));
    wait_for_answer();
    action("run.start").trigger();
    EXPECT_TRUE(window_->messages().text().contains(QStringLiteral("layout.strategy")));
    action("edit.undo").trigger();
    EXPECT_TRUE(window_->messages().text().isEmpty()) << window_->messages().text().toStdString();
}

// A digit that a field swallows leaves another number than was meant.
TEST_F(JsonText, ANumberBeyondItsLimitIsTakenAsItWasTypedAndRefused) {
    window_->activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    auto& ranks = find<QDoubleSpinBox>("layout.ranks");
    ranks.setFocus();
    ranks.selectAll();
    QTest::keyClicks(&ranks, QStringLiteral("100000"));
    QTest::keyClick(&ranks, Qt::Key_Return);
    EXPECT_EQ(experiment()["layout"]["ranks"], 100000);
    wait_for_answer();
    EXPECT_TRUE(find<QLabel>("refusal").text().contains(QStringLiteral("65536")))
        << find<QLabel>("refusal").text().toStdString();
    QTest::keyClick(&ranks, Qt::Key_Up);
    EXPECT_EQ(experiment()["layout"]["ranks"], 65536) << "steps stay within the limits";
    ranks.selectAll();
    QTest::keyClicks(&ranks, QStringLiteral("2"));
    QTest::keyClick(&ranks, Qt::Key_Down);
    QTest::keyClick(&ranks, Qt::Key_Down);
    EXPECT_EQ(experiment()["layout"]["ranks"], 1);
}

TEST_F(JsonText, TabLeavesTheEditor) {
    window_->activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    editor().setFocus();
    QTest::keyClick(&editor(), Qt::Key_Tab);
    EXPECT_FALSE(editor().hasFocus());
}

}  // namespace
}  // namespace longscope
