// SPDX-License-Identifier: GPL-3.0-or-later
// Undo and redo by keys, from wherever the focus is.
#include <QDockWidget>
#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QTest>

#include "tests/gui/window_fixture.h"

namespace longscope {
namespace {

class UndoKeysTest : public WindowTest {
  protected:
    UndoKeysTest() {
        window_->activateWindow();
        EXPECT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    }
    static void undo(QWidget& from) { QTest::keyClick(&from, Qt::Key_Z, Qt::ControlModifier); }
    static void redo(QWidget& from) { QTest::keyClick(&from, Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier); }
    Json ranks() const { return experiment()["layout"]["ranks"]; }
};

TEST_F(UndoKeysTest, TakeBackTheStepOfASpinBoxThatHasTheFocus) {
    auto& ranks_box = find<QDoubleSpinBox>("layout.ranks");
    ranks_box.setFocus();
    QTest::keyClick(&ranks_box, Qt::Key_Up);
    ASSERT_EQ(ranks(), 3);
    undo(ranks_box);
    EXPECT_EQ(ranks(), 2);
    EXPECT_EQ(ranks_box.value(), 2);
    redo(ranks_box);
    EXPECT_EQ(ranks(), 3);
}

TEST_F(UndoKeysTest, TakeBackTypingFirstInTheFieldThatHasIt) {
    auto& name = find<QLineEdit>("name");
    name.setFocus();
    name.selectAll();
    QTest::keyClicks(&name, QStringLiteral("other"));
    undo(name);
    EXPECT_EQ(name.text(), QStringLiteral("untitled"));
    EXPECT_EQ(window_->document().undo_stack().count(), 0);
}

TEST_F(UndoKeysTest, ServeTheTextOfTheDocumentToo) {
    auto& editor = find<QPlainTextEdit>("json");
    find<QDockWidget>("json_dock").raise();
    editor.setFocus();
    const QString before = editor.toPlainText();
    editor.selectAll();
    QTest::keyClicks(&editor, QStringLiteral("{\"name\": \"typed\"}"));
    // What was typed an instant ago is a step already.
    undo(editor);
    EXPECT_EQ(editor.toPlainText().toStdString(), before.toStdString());
    EXPECT_EQ(experiment()["name"], "untitled");
    redo(editor);
    EXPECT_EQ(experiment()["name"], "typed");
}

TEST_F(UndoKeysTest, TakeBackTextThatIsNoDocumentWithoutTouchingTheStepBefore) {
    window_->document().edit(QStringLiteral("Step"), {}, [](Json& json) { json["name"] = "step"; });
    auto& editor = find<QPlainTextEdit>("json");
    find<QDockWidget>("json_dock").raise();
    editor.setFocus();
    QTest::keyClicks(&editor, QStringLiteral("x"));
    undo(editor);
    EXPECT_EQ(editor.toPlainText().toStdString(), window_->document().text());
    EXPECT_EQ(experiment()["name"], "step");
    undo(editor);
    EXPECT_EQ(experiment()["name"], "untitled");
}

}  // namespace
}  // namespace longscope
