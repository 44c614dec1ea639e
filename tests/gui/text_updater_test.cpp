// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/text_updater.h"

#include <gtest/gtest.h>

#include <QSignalSpy>
#include <QTest>
#include <random>

#include "tests/support/sanitized.h"
#include "tests/support/turns.h"

namespace longscope {
namespace {

class TextUpdaterTest : public testing::Test {
  protected:
    TextUpdaterTest() {
        editor_.resize(400, 300);
        editor_.setUndoRedoEnabled(false);
        editor_.show();
    }
    void show(const QString& text) {
        updater_.show(text);
        ASSERT_TRUE(QTest::qWaitFor([&] { return !updater_.busy(); }));
        EXPECT_EQ(editor_.toPlainText(), text);
        EXPECT_FALSE(editor_.isReadOnly());
    }

    QPlainTextEdit editor_;
    TextUpdater updater_{editor_};
};

// Lines as of a long list in a document.
QString lines(int count, int number) {
    QString text;
    for (int i = 0; i < count; ++i) {
        text += QString::number(number) + QStringLiteral(",\n");
    }
    return text;
}

TEST_F(TextUpdaterTest, ReplacesOnlyWhatDiffers) {
    show(QStringLiteral("one\ntwo\nthree\n"));
    QTextCursor cursor = editor_.textCursor();
    cursor.setPosition(2);
    editor_.setTextCursor(cursor);
    const QSignalSpy spy(&editor_, &QPlainTextEdit::textChanged);
    show(QStringLiteral("one\n2\nthree\n"));
    EXPECT_EQ(editor_.textCursor().position(), 2);
    EXPECT_EQ(spy.count(), 0);
}

TEST_F(TextUpdaterTest, KnowsWhatWasTyped) {
    show(QStringLiteral("one\ntwo"));
    QTest::keyClicks(&editor_, QStringLiteral("typed"));
    show(QStringLiteral("one\ntwo"));
    show(QStringLiteral("one\nthree"));
}

TEST_F(TextUpdaterTest, AgreesForAnyTextsInARow) {
    const std::vector<QString> pieces{QStringLiteral("a"),          QStringLiteral("\n"),
                                      QStringLiteral("\u00e4"),     QStringLiteral("\U0001F600"),
                                      QStringLiteral("\U0001F601"), QStringLiteral("\U0001FA00")};
    std::mt19937 random(3);
    for (int round = 0; round < 500; ++round) {
        QString text;
        for (unsigned i = random() % 6; i > 0; --i) {
            text += pieces[random() % pieces.size()];
        }
        show(text);
    }
}

TEST_F(TextUpdaterTest, ALongTextComesInPiecesAndNoTurnIsLong) {
    TurnWatch watch;
    const auto wait = [&] { return watch.wait([&] { return !updater_.busy(); }); };
    const QString longer = QStringLiteral("head\n") + lines(100'000, 12'345) + QStringLiteral("tail");
    watch.turn("a long text", [&] { updater_.show(longer); });
    EXPECT_TRUE(updater_.busy());
    EXPECT_TRUE(editor_.isReadOnly());
    // Another one before all of it is there.
    watch.turn("another", [&] { updater_.show(QString(longer).replace(0, 4, QStringLiteral("HEAD"))); });
    ASSERT_TRUE(wait());
    EXPECT_EQ(editor_.toPlainText(), QString(longer).replace(0, 4, QStringLiteral("HEAD")));
    watch.turn("a step in it", [&] { updater_.show(longer); });
    EXPECT_FALSE(updater_.busy());
    watch.turn("a short text", [&] { updater_.show(QStringLiteral("head\ntail")); });
    ASSERT_TRUE(wait());
    EXPECT_EQ(editor_.toPlainText(), QStringLiteral("head\ntail"));
    std::printf("the longest turn took %.1f ms, %s\n", watch.longest_ms(), watch.longest(1).front().what.c_str());
    EXPECT_LT(watch.longest_ms(), 50 * sanitizer_slowdown);
}

}  // namespace
}  // namespace longscope
