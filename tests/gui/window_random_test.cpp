// SPDX-License-Identifier: GPL-3.0-or-later
// Whatever is pressed, clicked, typed, opened and saved, in whatever order: the window stands, its document is whole,
// and undo leads back.
#include <QAbstractButton>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QFileInfo>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QTest>
#include <QToolButton>
#include <random>

#include "tests/gui/window_fixture.h"
#include "tests/support/fixture_database.h"
#include "tests/support/mouse.h"
#include "tests/support/paths.h"

namespace longscope {
namespace {

class WindowRandom : public WindowTest, public testing::WithParamInterface<unsigned> {
  protected:
    WindowRandom() : random_(GetParam()) {
        window_->activateWindow();
        EXPECT_TRUE(QTest::qWaitForWindowActive(window_.get()));
        make_fixture_database(file(QStringLiteral("runs.db")).toStdString());
        const auto copied = [&](const char* name) {  // they are saved to, too
            const QString copy = file(QFileInfo(QLatin1String(name)).fileName());
            EXPECT_TRUE(QFile::copy(QStringLiteral(LONGSCOPE_SOURCE_DIR "/resources/") + QLatin1String(name), copy));
            return copy;
        };
        files_ = QStringList{file(QStringLiteral("runs.db")),
                             copied("experiments/causal-window-16k.json"),
                             copied("experiments/prefix-2k.json"),
                             copied("lengths/mixed-documents.json"),
                             put(QStringLiteral("lengths.txt"), "5\n7\n"),
                             put(QStringLiteral("nonsense.json"), "{"),
                             file(QStringLiteral("missing.json")),
                             QString()};
        targets_ = QStringList{file(QStringLiteral("a.json")),   file(QStringLiteral("b.png")),
                               file(QStringLiteral("c.svg")),    file(QStringLiteral("d.csv")),
                               file(QStringLiteral("no/e.pdf")), file(QStringLiteral("f.odd")),
                               file(QStringLiteral("g.pdf")),    QString()};
    }
    unsigned below(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }
    template <typename List>
    auto any_of(const List& list) {
        return list[static_cast<int>(below(static_cast<unsigned>(list.size())))];
    }
    void act();
    void use(QWidget& widget);
    void use_action();
    void use_mouse(QWidget& view);

    std::mt19937 random_;
    QStringList files_;
    QStringList targets_;
};

void WindowRandom::act() {
    const unsigned what = below(10);
    if (what < 2) {
        use_action();
        return;
    }
    QList<QWidget*> widgets;
    for (QWidget* widget : window_->findChildren<QWidget*>()) {
        if (widget->isVisible() && widget->isEnabled() && widget->focusPolicy() != Qt::NoFocus &&
            widget->objectName() != QStringLiteral("run")) {
            widgets << widget;
        }
    }
    if (what == 2) {
        QWidget* focus = QApplication::focusWidget();
        if (focus != nullptr) {
            QTest::keyClick(focus, any_of(QList<Qt::Key>{Qt::Key_Tab, Qt::Key_Escape, Qt::Key_Return, Qt::Key_F}));
        }
    } else if (!widgets.isEmpty()) {
        use(*any_of(widgets));
    }
}

void WindowRandom::use(QWidget& widget) {
    static const QList<Qt::Key> keys{Qt::Key_Up,   Qt::Key_Down, Qt::Key_Left, Qt::Key_Right, Qt::Key_Home, Qt::Key_End,
                                     Qt::Key_Plus, Qt::Key_W,    Qt::Key_S,    Qt::Key_F,     Qt::Key_Z,    Qt::Key_1};
    static const QStringList texts{QStringLiteral("7"), QStringLiteral("x"), QStringLiteral("{\"a\": [1]}"),
                                   QStringLiteral("16, 16"), QStringLiteral("")};
    widget.setFocus();
    if (auto* button = qobject_cast<QAbstractButton*>(&widget)) {
        if (const auto* tool = qobject_cast<QToolButton*>(button); tool == nullptr || tool->menu() == nullptr) {
            button->click();
        } else {
            any_of(tool->menu()->actions())->trigger();
        }
    } else if (auto* line = qobject_cast<QLineEdit*>(&widget)) {
        line->selectAll();
        QTest::keyClicks(line, any_of(texts));
    } else if (auto* text = qobject_cast<QPlainTextEdit*>(&widget); text != nullptr && !text->isReadOnly()) {
        if (below(2) == 0) {
            text->selectAll();
        }
        QTest::keyClicks(text, any_of(texts));
    } else if (qobject_cast<QAbstractSpinBox*>(&widget) != nullptr || qobject_cast<QComboBox*>(&widget) != nullptr) {
        QTest::keyClick(&widget, any_of(QList<Qt::Key>{Qt::Key_Up, Qt::Key_Down, Qt::Key_Home, Qt::Key_End}));
    } else if (below(2) == 0) {
        QTest::keyClick(&widget, any_of(keys));
    } else {
        use_mouse(widget);
    }
}

void WindowRandom::use_mouse(QWidget& view) {
    auto* area = qobject_cast<QAbstractScrollArea*>(&view);
    QWidget& target = area != nullptr ? *area->viewport() : view;
    const auto any_point = [&] {
        return QPointF(below(static_cast<unsigned>(target.width() + 1)),
                       below(static_cast<unsigned>(target.height() + 1)));
    };
    if (below(2) == 0) {
        turn_wheel(target, any_point(), below(2) == 0 ? 2 : -2);
    } else {
        drag_mouse(target, any_point(), any_point(), below(2) == 0 ? Qt::LeftButton : Qt::MiddleButton);
    }
}

void WindowRandom::use_action() {
    QAction& action =
        *any_of(QVector<ActionTable::Entry>(window_->actions().entries().begin(), window_->actions().entries().end()))
             .action;
    const QString id = action.objectName();
    if (id == QStringLiteral("file.quit") || id == QStringLiteral("run.start") || action.menu() != nullptr) {
        return;
    }
    const bool opens = id == QStringLiteral("file.open");
    chooser_->answers = {opens ? any_of(files_) : any_of(targets_)};
    action.trigger();
}

TEST_P(WindowRandom, TheWindowStands) {
    constexpr int steps = 400;
    for (int i = 0; i < steps; ++i) {
        act();
        if (i % 4 == 0) {
            QCoreApplication::processEvents();
        }
        ASSERT_TRUE(window_->isVisible());
        ASSERT_EQ(experiment(), parse_json(window_->document().text(), "document"));
    }
    QUndoStack& undo = window_->document().undo_stack();
    const std::string now = window_->document().text();
    const int at = undo.index();
    while (undo.canUndo()) {
        undo.undo();
    }
    const std::string first = window_->document().text();
    undo.setIndex(at);
    EXPECT_EQ(window_->document().text(), now);
    undo.setIndex(0);
    EXPECT_EQ(window_->document().text(), first);
    // However large the numbers were that were pressed together: what came last is answered.
    wait_for_answer();
    EXPECT_NE(window_->evaluator().current() == nullptr, window_->evaluator().refusal().isEmpty());
    window_->appearance().set_mode(Appearance::Mode::light);
}

INSTANTIATE_TEST_SUITE_P(Seeds, WindowRandom, testing::Range(1U, 5U));

}  // namespace
}  // namespace longscope
