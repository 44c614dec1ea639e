// SPDX-License-Identifier: GPL-3.0-or-later
// For people who do not see the window, or use no mouse: everything has a name and is reached by the keys.
#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QTabBar>
#include <QTest>
#include <QToolBar>

#include "app/desktop/timeline_page.h"
#include "tests/gui/window_fixture.h"
#include "tests/support/fixture_database.h"
#include "widgets/results/run_table.h"

namespace longscope {
namespace {

bool is_interactive(const QWidget& widget) {
    return qobject_cast<const QAbstractButton*>(&widget) != nullptr ||
           qobject_cast<const QLineEdit*>(&widget) != nullptr || qobject_cast<const QComboBox*>(&widget) != nullptr ||
           qobject_cast<const QAbstractSpinBox*>(&widget) != nullptr ||
           qobject_cast<const QAbstractItemView*>(&widget) != nullptr ||
           qobject_cast<const QPlainTextEdit*>(&widget) != nullptr;
}

// Parts that a widget of Qt is made of, and what is reached in other ways: the menu bar by Alt, the toolbar and the
// frames of panels by the actions of the menus, a header by the menu of its table.
bool is_inner(const QWidget& widget) {
    for (const QWidget* parent = widget.parentWidget(); parent != nullptr; parent = parent->parentWidget()) {
        if (qobject_cast<const QAbstractSpinBox*>(parent) != nullptr ||
            qobject_cast<const QComboBox*>(parent) != nullptr || qobject_cast<const QLineEdit*>(parent) != nullptr ||
            qobject_cast<const QAbstractItemView*>(parent) != nullptr ||
            qobject_cast<const QTabBar*>(parent) != nullptr || qobject_cast<const QToolBar*>(parent) != nullptr) {
            return true;
        }
    }
    const auto* area = qobject_cast<const QAbstractScrollArea*>(widget.parentWidget());
    return qobject_cast<const QAbstractSlider*>(&widget) != nullptr || widget.inherits("QMenuBar") ||
           widget.inherits("QMenu") || widget.parentWidget()->inherits("QMenuBar") ||
           (area != nullptr && area->viewport() == &widget) ||
           (widget.inherits("QTabBar") && widget.parentWidget()->inherits("QMainWindow")) ||
           (widget.inherits("QAbstractButton") && widget.parentWidget()->inherits("QDockWidget"));
}

std::string path_of(const QWidget& widget) {
    std::string path;
    for (const QWidget* at = &widget; at != nullptr; at = at->parentWidget()) {
        path = std::string(at->metaObject()->className()) + '(' + at->objectName().toStdString() + ')' +
               (path.empty() ? "" : " > ") + path;
    }
    return path;
}

class WindowAccess : public WindowTest {
  protected:
    WindowAccess() {
        window_->activateWindow();
        EXPECT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    }
    void show_runs() {
        make_fixture_database(file(QStringLiteral("runs.db")).toStdString());
        window_->open_file(file(QStringLiteral("runs.db")));
        ASSERT_TRUE(QTest::qWaitFor([&] { return window_->results().model().rowCount() == 2; }));
        window_->results().select_runs({2});
        action("run.open").trigger();
        ASSERT_TRUE(QTest::qWaitFor([&] { return window_->timeline_page().has_trace(); }));
        window_->results().select_runs({1, 2});
        wait_for_answer();
    }
    [[nodiscard]] QList<QWidget*> outer_widgets() const {
        QList<QWidget*> found;
        for (QWidget* widget : window_->findChildren<QWidget*>()) {
            if (!is_inner(*widget) && (is_interactive(*widget) || widget->focusPolicy() != Qt::NoFocus)) {
                found << widget;
            }
        }
        return found;
    }
    void expect_names(const char* when) {
        for (QWidget* widget : outer_widgets()) {
            QAccessibleInterface* accessible = QAccessible::queryAccessibleInterface(widget);
            ASSERT_NE(accessible, nullptr);
            if (const auto* label = qobject_cast<QLabel*>(widget); label != nullptr && label->text().isEmpty()) {
                continue;  // its text is its name, and it says nothing now
            }
            EXPECT_FALSE(accessible->text(QAccessible::Name).trimmed().isEmpty()) << when << ": " << path_of(*widget);
        }
    }
    // By pressing Tab until it goes round, in this order.
    static QList<QWidget*> tab_through() {
        QList<QWidget*> reached;
        QWidget* at = QApplication::focusWidget();
        constexpr int most = 1000;
        for (int i = 0; i < most && at != nullptr && !reached.contains(at); ++i) {
            reached << at;
            QTest::keyClick(at, Qt::Key_Tab);
            at = QApplication::focusWidget();
        }
        return reached;
    }
    void expect_all_reached(const char* when) {
        window_->tabs().setFocus();
        const QList<QWidget*> reached = tab_through();
        for (QWidget* widget : outer_widgets()) {
            if (!is_interactive(*widget) && (widget->focusPolicy() & Qt::TabFocus) == 0) {
                continue;
            }
            if (!widget->isVisible() || !widget->isEnabled() || widget->visibleRegion().isEmpty()) {
                continue;
            }
            const QWidget* target = widget;
            while (target->focusProxy() != nullptr) {
                target = target->focusProxy();
            }
            EXPECT_TRUE(reached.contains(const_cast<QWidget*>(target))) << when << ": " << path_of(*widget);
        }
    }
};

TEST_F(WindowAccess, EverythingHasAName) {
    expect_names("empty");
    window_->messages().show_error(QStringLiteral("An error."));
    window_->document().edit(QStringLiteral("Layers"), {}, [](Json& json) {
        json["mask"] = parse_json(R"({"and": [{"window": {"left": 1, "right": 2}}, {"or": [{"full": {}}]}]})", "mask");
        json["sequence"]["lengths"] = {{"list", {16384}}};
    });
    action("file.new").trigger();
    expect_names("asked");
    action("help.palette").trigger();
    action("help.keys").trigger();
    expect_names("with what lies over it");
    action("help.keys").trigger();
    window_->document().undo_stack().undo();
    show_runs();
    expect_names("with runs");
}

TEST_F(WindowAccess, EverythingIsReachedByTab) {
    show_runs();
    for (int tab = 0; tab < window_->tabs().count(); ++tab) {
        window_->tabs().setCurrentIndex(tab);
        QCoreApplication::processEvents();
        expect_all_reached(window_->tabs().tabText(tab).toUtf8().constData());
    }
    find<QDockWidget>("json_dock").raise();
    window_->messages().show_error(QStringLiteral("An error."));
    window_->document().edit(QStringLiteral("Change"), {}, [](Json& json) { json["name"] = "changed"; });
    action("file.new").trigger();
    QCoreApplication::processEvents();
    expect_all_reached("asked");
}

TEST_F(WindowAccess, LayersComeInTheOrderInWhichTheyStand) {
    window_->document().edit(QStringLiteral("Layers"), {}, [](Json& json) {
        json["mask"] = parse_json(R"({"and": [{"causal": {}}, {"sink": {"tokens": 4}}]})", "mask");
    });
    wait_for_answer();
    auto& type = find<QWidget>("shape.dtype");
    type.setFocus();
    QStringList names;
    for (const QWidget* widget : tab_through()) {
        names << widget->objectName();
    }
    EXPECT_EQ(names.mid(0, 11).join(QLatin1Char(' ')).toStdString(),
              "shape.dtype visible not down remove visible join not up remove tokens");
    EXPECT_EQ(names.mid(11, 2).join(QLatin1Char(' ')).toStdString(), "add_layer layout.ranks");
}

TEST_F(WindowAccess, WhatIsOffTheScreenIsScrolledToWhenItGetsTheFocus) {
    auto& rows = find<QWidget>("check.rows");
    window_->resize(900, 500);
    QCoreApplication::processEvents();
    ASSERT_TRUE(rows.visibleRegion().isEmpty());
    QWidget* at = &find<QWidget>("repetitions.measured");
    at->setFocus(Qt::TabFocusReason);
    QTest::keyClick(at, Qt::Key_Tab);
    EXPECT_TRUE(rows.hasFocus());
    EXPECT_FALSE(rows.visibleRegion().isEmpty());
}

}  // namespace
}  // namespace longscope
