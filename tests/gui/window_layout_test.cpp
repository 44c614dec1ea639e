// SPDX-License-Identifier: GPL-3.0-or-later
// Panels come and go, the window comes back as it was left, light and dark are complete.
#include <QComboBox>
#include <QDockWidget>
#include <QDoubleSpinBox>
#include <QHeaderView>
#include <QPainter>
#include <QStandardItemModel>
#include <QTableView>
#include <QTest>
#include <cmath>

#include "app/desktop/mask_page.h"
#include "app/desktop/timeline_page.h"
#include "tests/gui/window_fixture.h"
#include "tests/support/fixture_database.h"
#include "tests/support/pictures.h"
#include "widgets/results/run_table.h"

namespace longscope {
namespace {

class WindowLayout : public WindowTest {
  protected:
    QDockWidget& dock(const char* name) { return find<QDockWidget>(name); }
    bool in_sight(const char* name) { return dock(name).isVisible() && !dock(name).visibleRegion().isEmpty(); }
    void reopen() {
        EXPECT_TRUE(window_->close());
        window_.reset();
        open_window();
    }
    // How light a picture is on the whole, from 0 to 255.
    static double lightness(const QImage& picture) {
        double sum = 0;
        int count = 0;
        for (int y = 0; y < picture.height(); y += 3) {
            for (int x = 0; x < picture.width(); x += 3, ++count) {
                sum += qGray(picture.pixel(x, y));
            }
        }
        return sum / count;
    }
    void show_a_run() {
        make_fixture_database(file(QStringLiteral("runs.db")).toStdString());
        window_->open_file(file(QStringLiteral("runs.db")));
        ASSERT_TRUE(QTest::qWaitFor([&] { return window_->results().model().rowCount() == 2; }));
        window_->results().select_runs({1});
        action("run.open").trigger();
        ASSERT_TRUE(QTest::qWaitFor([&] { return window_->timeline_page().has_trace(); }));
        window_->results().select_runs({1, 2});
        wait_for_answer();
    }
    void expect_everything(bool dark, const char* when) {
        for (int tab = 0; tab < window_->tabs().count(); ++tab) {
            window_->tabs().setCurrentIndex(tab);
            QCoreApplication::processEvents();
            for (QWidget* part : {window_->tabs().currentWidget(), static_cast<QWidget*>(window_.get())}) {
                const double light = lightness(render_at(*part, 1));
                EXPECT_EQ(light < 128, dark) << when << ", view " << tab << ": " << light;
                EXPECT_GT(std::abs(light - 128), 40) << when << ", view " << tab << ": " << light;
            }
        }
        for (const char* name : {"experiment_dock", "cost_dock", "json_dock", "run_dock"}) {
            dock(name).raise();
            QCoreApplication::processEvents();
            EXPECT_EQ(lightness(render_at(dock(name), 1)) < 128, dark) << when << ", " << name;
        }
    }
};

TEST_F(WindowLayout, PanelsAreShownAndHiddenByTheirActions) {
    for (const char* name : {"experiment_dock", "cost_dock", "run_dock"}) {
        QAction& toggle = action(("view." + std::string(name)).c_str());
        EXPECT_TRUE(in_sight(name)) << name;
        EXPECT_TRUE(toggle.isChecked()) << name;
        toggle.trigger();
        EXPECT_FALSE(in_sight(name)) << name;
        EXPECT_FALSE(toggle.isChecked()) << name;
        toggle.trigger();
        EXPECT_TRUE(in_sight(name)) << name;
        EXPECT_TRUE(toggle.isChecked()) << name;
    }
}

TEST_F(WindowLayout, APanelBehindAnotherComesToTheFront) {
    QAction& json = action("view.json_dock");
    QAction& cost = action("view.cost_dock");
    dock("cost_dock").raise();
    EXPECT_FALSE(json.isChecked());
    json.trigger();
    EXPECT_TRUE(in_sight("json_dock"));
    EXPECT_TRUE(json.isChecked());
    EXPECT_FALSE(cost.isChecked());
    cost.trigger();
    EXPECT_TRUE(in_sight("cost_dock"));
    EXPECT_FALSE(json.isChecked());
    EXPECT_TRUE(dock("json_dock").isVisible()) << "it is still there, behind";
}

TEST_F(WindowLayout, TheNextWindowIsAsThisOneWasLeft) {
    action("view.run_dock").trigger();
    window_->addDockWidget(Qt::LeftDockWidgetArea, &dock("json_dock"));
    action("view.dark").trigger();
    window_->results().view().setColumnWidth(1, 321);
    window_->results().view().setColumnHidden(3, true);
    reopen();
    EXPECT_FALSE(in_sight("run_dock"));
    EXPECT_FALSE(action("view.run_dock").isChecked());
    EXPECT_EQ(window_->dockWidgetArea(&dock("json_dock")), Qt::LeftDockWidgetArea);
    EXPECT_EQ(window_->appearance().mode(), Appearance::Mode::dark);
    EXPECT_TRUE(action("view.dark").isChecked());
    EXPECT_EQ(window_->results().view().columnWidth(1), 321);
    EXPECT_TRUE(window_->results().view().isColumnHidden(3));

    action("view.reset").trigger();
    EXPECT_TRUE(in_sight("run_dock"));
    EXPECT_EQ(window_->dockWidgetArea(&dock("json_dock")), Qt::RightDockWidgetArea);
    EXPECT_EQ(window_->tabifiedDockWidgets(&dock("cost_dock")), QList<QDockWidget*>{&dock("json_dock")});
    EXPECT_TRUE(in_sight("cost_dock"));
    action("view.dark").trigger();
}

TEST_F(WindowLayout, AFloatingPanelIsResetToo) {
    dock("cost_dock").setFloating(true);
    action("view.reset").trigger();
    EXPECT_FALSE(dock("cost_dock").isFloating());
    EXPECT_TRUE(in_sight("cost_dock"));
}

TEST_F(WindowLayout, DamagedSettingsGiveTheUsualWindow) {
    EXPECT_TRUE(window_->close());
    window_.reset();
    {
        QSettings settings(file(QStringLiteral("settings.ini")), QSettings::IniFormat);
        for (const char* key : {"geometry", "layout", "results", "recent", "dark"}) {
            settings.setValue(QLatin1String(key), QByteArray("\x00\xff nonsense", 11));
        }
    }
    open_window();
    for (const char* name : {"experiment_dock", "cost_dock", "run_dock"}) {
        EXPECT_TRUE(in_sight(name)) << name;
    }
    RunTable usual(window_->appearance());
    EXPECT_EQ(window_->results().view().horizontalHeader()->hiddenSectionCount(),
              usual.view().horizontalHeader()->hiddenSectionCount());
}

TEST_F(WindowLayout, LightAndDarkReachEveryView) {
    show_a_run();
    expect_everything(false, "light");
    action("view.dark").trigger();
    expect_everything(true, "dark");
    action("view.dark").trigger();
    expect_everything(false, "light again");
}

TEST_F(WindowLayout, WhatCannotBeIsDisabledAndSaysWhy) {
    auto& strategies = find<QComboBox>("layout.strategy");
    const auto& items = *qobject_cast<QStandardItemModel*>(strategies.model());
    const int ulysses = strategies.findData(QStringLiteral("ulysses"));
    ASSERT_GE(ulysses, 0);
    EXPECT_TRUE(items.item(ulysses)->isEnabled());
    EXPECT_EQ(items.item(ulysses)->text(), QStringLiteral("ulysses"));
    find<QDoubleSpinBox>("layout.ranks").setValue(3);
    EXPECT_FALSE(items.item(ulysses)->isEnabled());
    for (const QString& text : {items.item(ulysses)->text(), items.item(ulysses)->toolTip()}) {
        EXPECT_TRUE(text.contains(QStringLiteral("heads"))) << text.toStdString();
    }
    for (const char* name : {"ring", "all_gather", "usp", "group_cast"}) {
        EXPECT_TRUE(items.item(strategies.findData(QString::fromLatin1(name)))->isEnabled()) << name;
    }
    strategies.setFocus();
    QTest::keyClicks(&strategies, QStringLiteral("ul"));
    EXPECT_NE(experiment()["layout"]["strategy"], "ulysses") << "what is disabled cannot be chosen";
    find<QDoubleSpinBox>("layout.ranks").setValue(2);
    EXPECT_TRUE(items.item(ulysses)->isEnabled());
    EXPECT_EQ(items.item(ulysses)->text(), QStringLiteral("ulysses"));

    auto& dispatches = find<QComboBox>("layout.dispatch");
    const auto& all = *qobject_cast<QStandardItemModel*>(dispatches.model());
    for (int row = 0; row < all.rowCount(); ++row) {
        EXPECT_TRUE(all.item(row)->isEnabled()) << "each deals out any sequence";
        EXPECT_FALSE(all.item(row)->toolTip().isEmpty());
    }
}

// What the masks or the dispatch stand in the way of is known once the document has been worked out.
TEST_F(WindowLayout, AChoiceThatTheDispatchStandsInTheWayOfSaysSo) {
    const auto& strategies = find<QComboBox>("layout.strategy");
    const auto& items = *qobject_cast<QStandardItemModel*>(strategies.model());
    const int light_seq = strategies.findData(QStringLiteral("light_seq"));
    ASSERT_GE(light_seq, 0);
    const auto set_dispatch = [&](const char* dispatch, const char* mask) {
        window_->document().edit(QStringLiteral("Layout"), {}, [&](Json& json) {
            json["layout"] = {{"ranks", 4}, {"strategy", "ring"}, {"dispatch", dispatch}};
            json["mask"] = {{mask, Json::object()}};
        });
        wait_for_answer();
    };
    set_dispatch("zigzag", "causal");
    EXPECT_FALSE(items.item(light_seq)->isEnabled());
    EXPECT_TRUE(items.item(light_seq)->toolTip().contains(QStringLiteral("contiguous")));
    set_dispatch("contiguous", "causal");
    EXPECT_TRUE(items.item(light_seq)->isEnabled());
    set_dispatch("contiguous", "full");
    EXPECT_FALSE(items.item(light_seq)->isEnabled());
    EXPECT_TRUE(items.item(light_seq)->toolTip().contains(QStringLiteral("sees a key of a later rank")));
}

TEST_F(WindowLayout, ThePassAndTheDegreeAreChosenInTheForm) {
    auto& strategies = find<QComboBox>("layout.strategy");
    const auto& items = *qobject_cast<QStandardItemModel*>(strategies.model());
    const int token_ring = strategies.findData(QStringLiteral("token_ring"));
    ASSERT_GE(token_ring, 0);
    EXPECT_TRUE(items.item(token_ring)->isEnabled());
    auto& pass = find<QComboBox>("pass");
    pass.setFocus();
    QTest::keyClick(&pass, Qt::Key_Down);
    EXPECT_EQ(experiment()["pass"], "forward_backward");
    EXPECT_FALSE(items.item(token_ring)->isEnabled()) << "it has no backward pass";
    find<QDoubleSpinBox>("layout.ulysses").setValue(3);
    EXPECT_EQ(experiment()["layout"]["ulysses"], 3);
    const int usp = strategies.findData(QStringLiteral("usp"));
    EXPECT_FALSE(items.item(usp)->isEnabled()) << "three ranks of two cannot exchange";
    find<QDoubleSpinBox>("layout.ulysses").setValue(0);
    EXPECT_TRUE(items.item(usp)->isEnabled());
}

}  // namespace
}  // namespace longscope
