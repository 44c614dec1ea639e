// SPDX-License-Identifier: GPL-3.0-or-later
// The wheel scrolls the form; it changes a field only where the user is.
#include <QtTest/qtestspontaneevent.h>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QScrollArea>
#include <QScrollBar>
#include <QSpinBox>
#include <QTest>
#include <QWheelEvent>

#include "app/desktop/panels/experiment_panel.h"
#include "tests/gui/window_fixture.h"

namespace longscope {
namespace {

class WindowWheel : public WindowTest {
  protected:
    WindowWheel() {
        window_->document().edit(QStringLiteral("Mask"), {}, [](Json& json) {
            json["mask"] = {{"and", {{{"causal", Json::object()}}, {{"window", {{"left", 63}, {"right", 0}}}}}}};
            json["layout"]["ranks"] = 4;
        });
        window_->document().undo_stack().clear();
        window_->resize(1440, 700);
        window_->activateWindow();
        EXPECT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    }
    // As from a device: what a widget does not want goes to the one it lies in.
    static void turn(QWidget& widget, int notches) {
        const QPointF at = widget.rect().center();
        QWheelEvent event(at, widget.mapToGlobal(at.toPoint()), {}, {0, notches * 120}, Qt::NoButton, Qt::NoModifier,
                          Qt::NoScrollPhase, false);
        QSpontaneKeyEvent::setSpontaneous(&event);
        QCoreApplication::instance()->notify(&widget, &event);
    }
    static void settle() {
        for (int turn = 0; turn < 3; ++turn) {
            QCoreApplication::sendPostedEvents();
            QCoreApplication::processEvents();
        }
    }
    QScrollBar& bar() {
        return *window_->findChild<ExperimentPanel*>()->findChild<QScrollArea*>()->verticalScrollBar();
    }
    int steps() { return window_->document().undo_stack().count(); }
};

TEST_F(WindowWheel, AFieldWithoutTheFocusLetsTheFormScroll) {
    find<QLineEdit>("name").setFocus();
    const std::string before = window_->document().text();
    QWidgetList fields;
    for (QAbstractSpinBox* box : window_->findChild<ExperimentPanel*>()->findChildren<QAbstractSpinBox*>()) {
        fields << box;
    }
    for (QComboBox* box : window_->findChild<ExperimentPanel*>()->findChildren<QComboBox*>()) {
        fields << box;
    }
    ASSERT_GT(fields.size(), 12);
    for (QWidget* field : fields) {
        EXPECT_EQ(field->focusPolicy(), Qt::StrongFocus) << field->objectName().toStdString();
        bar().setValue(0);
        turn(*field, -1);
        EXPECT_GT(bar().value(), 0) << field->objectName().toStdString();
        EXPECT_EQ(window_->document().text(), before) << field->objectName().toStdString();
        EXPECT_FALSE(field->hasFocus());
    }
}

TEST_F(WindowWheel, AFieldWithTheFocusIsChangedAsOneStep) {
    auto& ranks = find<QDoubleSpinBox>("layout.ranks");
    ranks.setFocus();
    for (int notch = 0; notch < 3; ++notch) {
        turn(ranks, 1);
    }
    EXPECT_EQ(experiment()["layout"]["ranks"], 7);
    EXPECT_EQ(steps(), 1);
}

TEST_F(WindowWheel, WhatIsTypedIsAStepOfItsOwn) {
    auto& ranks = find<QDoubleSpinBox>("layout.ranks");
    const auto type = [&](const char* digits) {
        ranks.setFocus();
        ranks.selectAll();
        QTest::keyClicks(&ranks, QLatin1String(digits));
    };
    type("20");
    turn(ranks, 1);
    turn(ranks, 1);
    EXPECT_EQ(experiment()["layout"]["ranks"], 22);
    type("30");
    QTest::keyClick(&ranks, Qt::Key_Return);
    EXPECT_EQ(experiment()["layout"]["ranks"], 30);
    QUndoStack& undo = window_->document().undo_stack();
    for (const int value : {22, 20, 4}) {
        undo.undo();
        EXPECT_EQ(experiment()["layout"]["ranks"], value);
    }
    auto& left = *find<QWidget>("layer_1").findChild<QSpinBox*>(QStringLiteral("left"));
    left.setFocus();
    left.selectAll();
    QTest::keyClicks(&left, QStringLiteral("500"));
    turn(left, 1);
    turn(left, 1);
    EXPECT_EQ(steps(), 2) << "typed, then turned";
    undo.undo();
    EXPECT_EQ(experiment()["mask"]["and"][1]["window"]["left"], 500);
}

TEST_F(WindowWheel, WhyItIsRefusedStaysInSightWhenTheFormIsScrolled) {
    window_->document().edit(QStringLiteral("Layout"), {}, [](Json& json) { json["layout"]["strategy"] = "teleport"; });
    wait_for_answer();
    const auto& refusal = find<QLabel>("refusal");
    bar().setValue(bar().maximum());
    EXPECT_GT(bar().value(), 0);
    EXPECT_EQ(refusal.visibleRegion().boundingRect(), refusal.rect());
    EXPECT_TRUE(refusal.text().contains(QStringLiteral("layout.strategy")));
}

TEST_F(WindowWheel, TheFieldsStayWhereTheyAreWhenARefusalComesAndGoes) {
    window_->resize(1440, 600);
    settle();
    wait_for_answer();
    settle();
    bar().setValue(60);
    auto& heads = find<QDoubleSpinBox>("shape.query_heads");
    const QPoint before = heads.mapToGlobal({0, 0});
    heads.setValue(7);
    wait_for_answer();
    settle();
    EXPECT_TRUE(find<QLabel>("refusal").isVisible());
    EXPECT_EQ(heads.mapToGlobal({0, 0}), before);
    heads.setValue(8);
    wait_for_answer();
    settle();
    EXPECT_FALSE(find<QLabel>("refusal").isVisible());
    EXPECT_EQ(heads.mapToGlobal({0, 0}), before);
}

}  // namespace
}  // namespace longscope
