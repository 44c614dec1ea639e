// SPDX-License-Identifier: GPL-3.0-or-later
// The experiment is saved, and nothing that is not saved is lost without a question.
#include <QApplication>
#include <QDockWidget>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabWidget>
#include <QTest>

#include "app/desktop/unsaved_bar.h"
#include "engine/base/bounded_file.h"
#include "tests/gui/window_fixture.h"
#include "tests/support/paths.h"

namespace longscope {
namespace {

class WindowSave : public WindowTest {
  protected:
    void change(const char* name = "changed") {
        window_->document().edit(QStringLiteral("Change"), {}, [&](Json& json) { json["name"] = name; });
    }
    [[nodiscard]] bool asked() const { return find<UnsavedBar>("unsaved_bar").isVisible(); }
    void answer(const char* button) { QTest::mouseClick(&find<QPushButton>(button), Qt::LeftButton); }
    [[nodiscard]] static Json in(const QString& path) { return parse_json(text_of(path), "file"); }
    [[nodiscard]] QString message() const { return window_->messages().text(); }
};

TEST_F(WindowSave, TheFirstSaveAsksForANameAndTheNextDoNot) {
    const QString path = file(QStringLiteral("mine.json"));
    chooser_->answers = {path};
    change();
    EXPECT_TRUE(window_->isWindowModified());
    action("file.save").trigger();
    EXPECT_EQ(in(path), experiment());
    EXPECT_FALSE(window_->isWindowModified());
    EXPECT_TRUE(window_->windowTitle().startsWith(QStringLiteral("mine.json")));
    change("again");
    action("file.save").trigger();
    EXPECT_EQ(in(path)["name"], "again");
    EXPECT_TRUE(message().isEmpty()) << message().toStdString();
}

TEST_F(WindowSave, SaveAsLeavesTheOldFileAlone) {
    const QString a = file(QStringLiteral("a.json"));
    const QString b = file(QStringLiteral("b.json"));
    chooser_->answers = {a, b};
    change("first");
    action("file.save").trigger();
    change("second");
    action("file.save_as").trigger();
    EXPECT_EQ(in(a)["name"], "first");
    EXPECT_EQ(in(b)["name"], "second");
    change("third");
    action("file.save").trigger();
    EXPECT_EQ(in(a)["name"], "first");
    EXPECT_EQ(in(b)["name"], "third");
}

TEST_F(WindowSave, ASaveThatIsThoughtBetterOfOrFailsKeepsTheChanges) {
    change();
    action("file.save").trigger();
    EXPECT_TRUE(window_->document().modified());
    chooser_->answers = {file(QStringLiteral("missing/a.json"))};
    action("file.save").trigger();
    EXPECT_TRUE(window_->document().modified());
    EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::error);
    EXPECT_TRUE(message().contains(QStringLiteral("missing/a.json"))) << message().toStdString();
}

TEST_F(WindowSave, WhatIsBeingTypedIsSaved) {
    const QString path = file(QStringLiteral("typed.json"));
    chooser_->answers = {path};
    auto& name = find<QLineEdit>("name");
    name.setFocus();
    name.selectAll();
    QTest::keyClicks(&name, QStringLiteral("typed"));
    action("file.save").trigger();
    EXPECT_EQ(in(path)["name"], "typed");
    EXPECT_TRUE(name.hasFocus()) << "one goes on typing";
}

TEST_F(WindowSave, TextThatIsNoDocumentIsNotSavedAndNotLost) {
    change();
    find<QDockWidget>("json_dock").raise();
    auto& editor = find<QPlainTextEdit>("json");
    QTest::keyClicks(&editor, QStringLiteral("oops"));
    const QString typed = editor.toPlainText();
    action("file.save").trigger();
    EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::error);
    EXPECT_TRUE(message().contains(QStringLiteral("line 1"))) << message().toStdString();
    EXPECT_EQ(editor.toPlainText(), typed);
    action("file.new").trigger();
    EXPECT_TRUE(asked());
    EXPECT_EQ(editor.toPlainText(), typed);
    EXPECT_EQ(experiment()["name"], "changed");
}

TEST_F(WindowSave, NothingIsAskedWithoutChanges) {
    action("file.new").trigger();
    EXPECT_FALSE(asked());
    change();
    window_->document().undo_stack().undo();
    action("file.new").trigger();
    EXPECT_FALSE(asked());
}

TEST_F(WindowSave, KeepEditingKeepsEverything) {
    change();
    window_->open_file(QStringLiteral(LONGSCOPE_SOURCE_DIR "/resources/experiments/prefix-2k.json"));
    ASSERT_TRUE(asked());
    EXPECT_EQ(experiment()["name"], "changed");
    answer("keep_editing");
    EXPECT_FALSE(asked());
    EXPECT_EQ(experiment()["name"], "changed");
    EXPECT_TRUE(window_->document().modified());
}

TEST_F(WindowSave, TheQuestionIsAnsweredByKeys) {
    window_->activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    auto& name = find<QLineEdit>("name");
    name.setFocus();
    change();
    action("file.new").trigger();
    ASSERT_TRUE(asked());
    EXPECT_TRUE(find<QPushButton>("save_changes").hasFocus());
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Escape);
    EXPECT_FALSE(asked()) << "keep editing";
    EXPECT_TRUE(name.hasFocus()) << "where one was";
    EXPECT_EQ(experiment()["name"], "changed");
    action("file.new").trigger();
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
    EXPECT_TRUE(find<QPushButton>("discard_changes").hasFocus());
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    EXPECT_FALSE(asked());
    EXPECT_EQ(experiment()["name"], "untitled");
}

// Whatever is said, the buttons of the question keep their size, and nothing is covered.
TEST_F(WindowSave, AMessageBesideTheQuestionTakesRoomOfItsOwn) {
    const QTabWidget& tabs = window_->tabs();
    const int before = tabs.mapTo(window_.get(), QPoint()).y();
    change();
    action("file.new").trigger();
    ASSERT_TRUE(asked());
    const std::string path = "/a/long/path/that/is/not/there/";
    for (const int lines : {1, 3, 7}) {
        QStringList text;
        for (int i = 0; i < lines; ++i) {
            text << QStringLiteral("%1file-%2.json: cannot be read").arg(QString::fromStdString(path)).arg(i);
        }
        window_->messages().show_error(text.join(QLatin1Char('\n')));
        for (const char* name : {"save_changes", "discard_changes", "keep_editing"}) {
            const auto& button = find<QPushButton>(name);
            EXPECT_TRUE(QTest::qWaitFor([&] { return button.height() >= button.sizeHint().height(); }, 2000))
                << name << " is " << button.height() << " high, with " << lines << " lines";
        }
        const MessageBar& message = window_->messages();
        const QRect said(message.mapTo(window_.get(), QPoint()), message.size());
        EXPECT_TRUE(QTest::qWaitFor([&] { return tabs.mapTo(window_.get(), QPoint()).y() > said.top(); }, 2000));
        for (const char* name : {"experiment_dock", "cost_dock"}) {
            const auto& dock = find<QDockWidget>(name);
            const QRect place(dock.mapTo(window_.get(), QPoint()), dock.size());
            EXPECT_FALSE(place.intersects(QRect(message.mapTo(window_.get(), QPoint()), message.size()))) << name;
        }
    }
    window_->messages().clear();
    answer("keep_editing");
    EXPECT_TRUE(QTest::qWaitFor([&] { return tabs.mapTo(window_.get(), QPoint()).y() == before; }, 2000));
}

TEST_F(WindowSave, DiscardGoesOnWithoutSaving) {
    const QString path = put(QStringLiteral("a.json"), R"({"longscope_experiment": 1, "name": "kept"})");
    window_->open_file(path);
    change();
    window_->open_file(QStringLiteral(LONGSCOPE_SOURCE_DIR "/resources/experiments/prefix-2k.json"));
    ASSERT_TRUE(asked());
    answer("discard_changes");
    EXPECT_FALSE(asked());
    EXPECT_EQ(experiment()["name"], "prefix-2k");
    EXPECT_EQ(in(path)["name"], "kept");
}

TEST_F(WindowSave, SaveSavesAndGoesOn) {
    const QString path = put(QStringLiteral("a.json"), R"({"longscope_experiment": 1, "name": "old"})");
    window_->open_file(path);
    change();
    action("file.new").trigger();
    ASSERT_TRUE(asked());
    answer("save_changes");
    EXPECT_FALSE(asked());
    EXPECT_EQ(in(path)["name"], "changed");
    EXPECT_EQ(experiment()["name"], "untitled");
}

TEST_F(WindowSave, ASaveThatDoesNotComeAboutLeavesTheQuestion) {
    change();
    action("file.new").trigger();
    ASSERT_TRUE(asked());
    answer("save_changes");  // the dialog is closed without a name
    EXPECT_TRUE(asked());
    EXPECT_EQ(experiment()["name"], "changed");
    chooser_->answers = {file(QStringLiteral("late.json"))};
    answer("save_changes");
    EXPECT_FALSE(asked());
    EXPECT_EQ(in(file(QStringLiteral("late.json")))["name"], "changed");
    EXPECT_EQ(experiment()["name"], "untitled");
}

TEST_F(WindowSave, TheQuestionIsGoneOnceThereIsNothingToLose) {
    change();
    action("file.new").trigger();
    ASSERT_TRUE(asked());
    chooser_->answers = {file(QStringLiteral("saved.json"))};
    action("file.save").trigger();
    EXPECT_FALSE(asked());
    EXPECT_EQ(experiment()["name"], "changed") << "saving alone does not begin a new one";
}

TEST_F(WindowSave, AnAnswerThatComesAfterTheQuestionIsNone) {
    change();
    action("file.new").trigger();
    ASSERT_TRUE(asked());
    window_->document().undo_stack().undo();  // as what is half typed in a field may, once a button takes the focus
    ASSERT_FALSE(asked());
    for (const char* button : {"save_changes", "discard_changes"}) {
        find<QPushButton>(button).click();
        EXPECT_FALSE(asked());
        EXPECT_TRUE(message().isEmpty()) << message().toStdString();
    }
}

TEST_F(WindowSave, ClosingAsksToo) {
    change();
    EXPECT_FALSE(window_->close());
    EXPECT_TRUE(window_->isVisible());
    ASSERT_TRUE(asked());
    answer("keep_editing");
    EXPECT_TRUE(window_->isVisible());
    EXPECT_FALSE(window_->close());
    answer("discard_changes");
    EXPECT_FALSE(window_->isVisible());
}

TEST_F(WindowSave, ClosingAsksAboutWhatIsBeingTyped) {
    auto& name = find<QLineEdit>("name");
    name.setFocus();
    name.selectAll();
    QTest::keyClicks(&name, QStringLiteral("typed"));
    EXPECT_FALSE(window_->close());
    EXPECT_TRUE(asked());
    EXPECT_EQ(experiment()["name"], "typed");
    answer("discard_changes");
    EXPECT_FALSE(window_->isVisible());
}

}  // namespace
}  // namespace longscope
