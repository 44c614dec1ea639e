// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that can be done stands in one table, from which menus, keys, palette and sheet are made.
#include "app/desktop/actions/action_table.h"

#include <QMenu>
#include <QMenuBar>
#include <QSet>
#include <QTest>

#include "app/desktop/actions/command_palette.h"
#include "app/desktop/actions/shortcut_sheet.h"
#include "app/desktop/mask_page.h"
#include "app/desktop/timeline_page.h"
#include "tests/gui/window_fixture.h"
#include "tests/support/paths.h"

namespace longscope {
namespace {

class Actions : public WindowTest {
  protected:
    Actions() {
        window_->activateWindow();
        EXPECT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    }
    const std::vector<ActionTable::Entry>& entries() { return window_->actions().entries(); }
    CommandPalette& palette() { return find<CommandPalette>("command_palette"); }
    ShortcutSheet& sheet() { return find<ShortcutSheet>("shortcut_sheet"); }
    QStringList listed() {
        QStringList lines;
        for (int i = 0; i < palette().list().count(); ++i) {
            lines << palette().list().item(i)->text();
        }
        return lines;
    }
    void type(const QString& text) { QTest::keyClicks(&palette().input(), text); }
    void press(int key, Qt::KeyboardModifiers modifiers = {}) {
        QTest::keyClick(window_.get(), Qt::Key(key), modifiers);
    }
};

TEST_F(Actions, EachHasANameASentenceOfHelpAndAnIdOfItsOwn) {
    QSet<QString> ids;
    for (const ActionTable::Entry& entry : entries()) {
        const QAction& action = *entry.action;
        const std::string id = action.objectName().toStdString();
        EXPECT_FALSE(id.empty());
        EXPECT_FALSE(ids.contains(action.objectName())) << id << " stands twice";
        ids << action.objectName();
        EXPECT_FALSE(plain_text(action).isEmpty()) << id;
        EXPECT_GT(action.statusTip().size(), 5) << id << " has no help";
        EXPECT_FALSE(action.statusTip().contains(QLatin1Char('\n'))) << id;
        EXPECT_NE(action.statusTip(), plain_text(action)) << id << ": the help only repeats the name";
        EXPECT_TRUE(action.toolTip().startsWith(action.statusTip())) << id;
        EXPECT_FALSE(entry.menu.isEmpty()) << id;
    }
    EXPECT_THROW((void)window_->actions().at(QStringLiteral("no.such")), std::out_of_range);
}

TEST_F(Actions, NoTwoShareAKey) {
    QMap<QString, QString> owners;
    for (const ActionTable::Entry& entry : entries()) {
        for (const QKeySequence& key : entry.action->shortcuts()) {
            EXPECT_FALSE(key.isEmpty()) << entry.action->objectName().toStdString();
            const QString other = owners.value(key.toString());
            EXPECT_TRUE(other.isEmpty()) << key.toString().toStdString() << ": " << other.toStdString() << " and "
                                         << entry.action->objectName().toStdString();
            owners[key.toString()] = entry.action->objectName();
        }
    }
}

TEST_F(Actions, AllStandInTheMenusAndTheMnemonicsOfAMenuDiffer) {
    QSet<QAction*> in_menus;
    QSet<QChar> of_bar;
    for (QAction* bar : window_->menuBar()->actions()) {
        ASSERT_NE(bar->menu(), nullptr);
        QSet<QChar> letters;
        const auto claim = [](QSet<QChar>& taken, const QString& text) {
            const int at = text.indexOf(QLatin1Char('&'));
            if (at >= 0) {
                EXPECT_FALSE(taken.contains(text[at + 1].toLower())) << text.toStdString();
                taken << text[at + 1].toLower();
            }
        };
        claim(of_bar, bar->text());
        for (QAction* action : bar->menu()->actions()) {
            in_menus << action;
            claim(letters, action->text());
        }
    }
    for (const ActionTable::Entry& entry : entries()) {
        EXPECT_TRUE(in_menus.contains(entry.action)) << entry.action->objectName().toStdString();
    }
}

TEST_F(Actions, ThePaletteListsAllAndWhatCannotBeDoneNowGreyedAtTheEnd) {
    press(Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
    ASSERT_TRUE(palette().isVisible());
    EXPECT_TRUE(palette().input().hasFocus());
    for (const ActionTable::Entry& entry : entries()) {
        if (entry.action->menu() == nullptr) {
            EXPECT_EQ(listed().filter(plain_text(*entry.action)).isEmpty(), false)
                << entry.action->objectName().toStdString();
        }
    }
    const QListWidgetItem* last = palette().list().item(palette().list().count() - 1);
    EXPECT_FALSE(last->flags() & Qt::ItemIsEnabled);
    EXPECT_FALSE(action("edit.undo").isEnabled());
    type(QStringLiteral("undo"));
    EXPECT_TRUE(palette().list().item(0)->text().startsWith(QStringLiteral("Edit: Undo")))
        << palette().list().item(0)->text().toStdString();
    const int steps = window_->document().undo_stack().index();
    QTest::keyClick(&palette().input(), Qt::Key_Return);
    EXPECT_TRUE(palette().isVisible()) << "there is nothing to undo";
    EXPECT_EQ(window_->document().undo_stack().index(), steps);
}

TEST_F(Actions, ThePaletteFindsByPartsOfTheNameAndRunsByEnter) {
    action("help.palette").trigger();
    type(QStringLiteral("dar"));
    ASSERT_GT(palette().list().count(), 0);
    EXPECT_TRUE(palette().list().item(0)->text().startsWith(QStringLiteral("View: Dark")))
        << palette().list().item(0)->text().toStdString();
    QTest::keyClick(&palette().input(), Qt::Key_Return);
    EXPECT_FALSE(palette().isVisible());
    EXPECT_EQ(window_->appearance().mode(), Appearance::Mode::dark);
    window_->appearance().set_mode(Appearance::Mode::light);

    action("help.palette").trigger();
    EXPECT_TRUE(palette().input().text().isEmpty()) << "begins anew";
    type(QStringLiteral("zzzz"));
    EXPECT_EQ(palette().list().count(), 0);
    QTest::keyClick(&palette().input(), Qt::Key_Return);
    EXPECT_TRUE(palette().isVisible()) << "nothing was found, nothing is done";
}

TEST_F(Actions, ThePaletteIsWalkedThroughByArrowsAndClosedByEscapeToWhereOneWas) {
    MaskCanvas& canvas = window_->mask_page().canvas();
    canvas.setFocus();
    action("help.palette").trigger();
    const int first = palette().list().currentRow();
    QTest::keyClick(&palette().input(), Qt::Key_Down);
    EXPECT_EQ(palette().list().currentRow(), first + 1);
    QTest::keyClick(&palette().input(), Qt::Key_Up);
    QTest::keyClick(&palette().input(), Qt::Key_Up);
    EXPECT_EQ(palette().list().currentRow(), first);
    QTest::keyClick(&palette().input(), Qt::Key_Escape);
    EXPECT_FALSE(palette().isVisible());
    EXPECT_TRUE(canvas.hasFocus());
}

TEST_F(Actions, ThePaletteOffersTheRecentFiles) {
    window_->open_file(QStringLiteral(LONGSCOPE_SOURCE_DIR "/resources/experiments/prefix-2k.json"));
    window_->open_file(QStringLiteral(LONGSCOPE_SOURCE_DIR "/resources/experiments/causal-window-16k.json"));
    action("help.palette").trigger();
    type(QStringLiteral("recent prefix"));
    ASSERT_EQ(palette().list().count(), 1) << listed().join(QLatin1Char('\n')).toStdString();
    QTest::keyClick(&palette().input(), Qt::Key_Return);
    EXPECT_EQ(window_->document().title(), QStringLiteral("prefix-2k.json"));
}

TEST_F(Actions, ThePaletteLooksForCommandsFirstThenForFilesByTheirNames) {
    const QString folder = file(QStringLiteral("dark quarters/save/") + QString(90, QLatin1Char('x')));
    ASSERT_TRUE(QDir().mkpath(folder));
    const QString path = folder + QStringLiteral("/save it all.json");
    ASSERT_TRUE(QFile::copy(QStringLiteral(LONGSCOPE_SOURCE_DIR "/resources/experiments/prefix-2k.json"), path));
    window_->open_file(path);
    action("help.palette").trigger();
    palette().input().setText(QStringLiteral("dark"));
    EXPECT_TRUE(listed().first().startsWith(QStringLiteral("View: Dark"))) << listed().first().toStdString();
    EXPECT_TRUE(listed().filter(QStringLiteral("save it all")).isEmpty()) << "its folder is not its name";
    palette().input().setText(QStringLiteral("save"));
    EXPECT_TRUE(listed().first().startsWith(QStringLiteral("File: Save"))) << listed().first().toStdString();
    palette().input().setText(QStringLiteral("save it"));
    const QListWidgetItem& found = *palette().list().item(0);
    EXPECT_TRUE(found.text().startsWith(QStringLiteral("File: Open recent: save it all.json")));
    EXPECT_TRUE(found.text().contains(QChar(0x2026))) << "a long folder is cut";
    EXPECT_LE(palette().list().sizeHintForColumn(0), palette().list().viewport()->width());
    EXPECT_LT(action("file.recent").menu()->sizeHint().width(), 800);
    window_->document().start_new();
    QTest::keyClick(&palette().input(), Qt::Key_Return);
    EXPECT_EQ(window_->document().title(), QStringLiteral("save it all.json"));
}

TEST_F(Actions, TheSheetListsEveryKey) {
    MaskCanvas& canvas = window_->mask_page().canvas();
    canvas.setFocus();
    press(Qt::Key_Question);
    ASSERT_TRUE(sheet().isVisible());
    const QString text = sheet().text();
    for (const ActionTable::Entry& entry : entries()) {
        for (const QKeySequence& key : entry.action->shortcuts()) {
            EXPECT_TRUE(text.contains(key.toString(QKeySequence::NativeText)))
                << entry.action->objectName().toStdString();
            EXPECT_TRUE(text.contains(plain_text(*entry.action))) << entry.action->objectName().toStdString();
        }
    }
    for (const ViewKey& key : window_->actions().view_keys()) {
        EXPECT_TRUE(text.contains(key.view)) << key.view.toStdString();
        EXPECT_TRUE(text.contains(key.keys)) << key.keys.toStdString();
        EXPECT_TRUE(text.contains(key.text)) << key.text.toStdString();
    }
    for (const TimelineCommand& command : window_->timeline_page().view().commands()) {
        EXPECT_TRUE(text.contains(command.text)) << command.text.toStdString();
    }
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Escape);
    EXPECT_FALSE(sheet().isVisible());
    EXPECT_TRUE(canvas.hasFocus());
}

TEST_F(Actions, TheSheetOpensAndClosesByTheSameKey) {
    action("help.keys").trigger();
    ASSERT_TRUE(sheet().isVisible());
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Question, Qt::ShiftModifier);
    EXPECT_FALSE(sheet().isVisible());
    press(Qt::Key_F1);
    EXPECT_TRUE(sheet().isVisible());
    press(Qt::Key_F1);
    EXPECT_FALSE(sheet().isVisible());
}

TEST_F(Actions, NumbersShowTheViewsAndAnOpenRunIsAskedFor) {
    for (int i = window_->tabs().count(); i > 0; --i) {
        press(Qt::Key_0 + i, Qt::ControlModifier);
        EXPECT_EQ(window_->tabs().currentIndex(), i - 1);
    }
    action("run.open").trigger();
    EXPECT_TRUE(window_->messages().text().contains(QStringLiteral("Select a run")))
        << window_->messages().text().toStdString();
}

}  // namespace
}  // namespace longscope
