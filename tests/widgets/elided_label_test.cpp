// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/elided_label.h"

#include <gtest/gtest.h>

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QTest>

#include "tests/support/pictures.h"

namespace longscope {
namespace {

const QString sentence = QStringLiteral("a sentence that is longer than the room that there is for it");

TEST(ElidedLabel, AsksForNoRoomAndKeepsItsText) {
    QWidget window;
    auto* row = new QHBoxLayout(&window);
    row->setContentsMargins(0, 0, 0, 0);
    auto* label = new ElidedLabel(&window);
    row->addWidget(label);
    label->setText(sentence.repeated(20));
    EXPECT_LT(window.minimumSizeHint().width(), 20);
    window.resize(120, 30);
    window.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&window));
    EXPECT_EQ(window.width(), 120);
    EXPECT_TRUE(label->elided());
    EXPECT_EQ(label->text(), sentence.repeated(20));
    label->setText(QStringLiteral("short"));
    EXPECT_FALSE(label->elided());
}

TEST(ElidedLabel, PaintsTheBeginningOrBothEnds) {
    const auto picture_of = [](Qt::TextElideMode mode, const QString& text, int width) {
        ElidedLabel label(nullptr, mode);
        label.setText(text);
        label.resize(width, 20);
        return render_at(label, 1);
    };
    const int wide = 600;
    EXPECT_EQ(picture_of(Qt::ElideRight, sentence, wide), picture_of(Qt::ElideMiddle, sentence, wide));
    const QFontMetrics metrics{ElidedLabel().font()};
    for (const Qt::TextElideMode mode : {Qt::ElideRight, Qt::ElideMiddle}) {
        EXPECT_EQ(picture_of(mode, sentence, 150), picture_of(mode, metrics.elidedText(sentence, mode, 150), 150));
    }
    EXPECT_NE(picture_of(Qt::ElideRight, sentence, 150), picture_of(Qt::ElideMiddle, sentence, 150));
}

TEST(ElidedLabel, CopiesAllOfIt) {
    ElidedLabel label;
    label.setText(sentence);
    label.resize(40, 20);
    ASSERT_EQ(label.actions().size(), 1);
    label.actions().first()->trigger();
    EXPECT_EQ(QGuiApplication::clipboard()->text(), sentence);
}

}  // namespace
}  // namespace longscope
