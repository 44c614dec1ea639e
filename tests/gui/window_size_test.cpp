// SPDX-License-Identifier: GPL-3.0-or-later
// The window keeps the size that its user gave it, whatever it has to say.
#include <QDockWidget>
#include <QLabel>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScreen>
#include <QTest>
#include <QToolButton>

#include "app/desktop/run/run_panel.h"
#include "app/desktop/timeline_page.h"
#include "app/desktop/unsaved_bar.h"
#include "tests/gui/run_in_window.h"
#include "tests/support/fixture_database.h"

namespace longscope {
namespace {

class WindowSize : public WindowRun {
  protected:
    static constexpr QSize small{1000, 700};

    WindowSize() {
        window_->resize(small);
        settle();
    }
    static void settle() {
        QCoreApplication::sendPostedEvents();
        QCoreApplication::processEvents();
        QCoreApplication::sendPostedEvents();
    }
    void expect_small(const char* when) {
        settle();
        const QSize least = window_->minimumSizeHint();
        EXPECT_LE(least.width(), small.width()) << when << parts();
        EXPECT_LE(least.height(), small.height()) << when;
        EXPECT_EQ(window_->size(), small) << when << ": " << window_->width() << " x " << window_->height();
    }
    // How much room each part asks for.
    [[nodiscard]] std::string parts() const {
        std::string text;
        QWidgetList widgets{&window_->tabs()};
        for (int tab = 0; tab < window_->tabs().count(); ++tab) {
            widgets << window_->tabs().widget(tab);
        }
        for (QDockWidget* dock : window_->findChildren<QDockWidget*>()) {
            widgets << dock;
        }
        for (const QWidget* widget : widgets) {
            text += "\n" + std::string(widget->metaObject()->className()) + ' ' + widget->objectName().toStdString() +
                    ' ' + std::to_string(widget->minimumSizeHint().width());
        }
        return text;
    }
    // Where the views stand must not change under the pointer.
    [[nodiscard]] QRect views() const {
        return {window_->tabs().mapTo(window_.get(), QPoint()), window_->tabs().size()};
    }
};

TEST_F(WindowSize, StaysWhateverItHasToSay) {
    const std::string word(300, 'x');
    expect_small("at first");
    window_->messages().show_error(QString::fromStdString("/" + word + " /" + word));
    expect_small("with a long message");
    window_->document().edit(QStringLiteral("Name"), {}, [&](Json& json) {
        json["name"] = word;
        json["layout"]["strategy"] = word;
    });
    wait_for_answer();
    expect_small("with a refused experiment");
    find<QPlainTextEdit>("json").setPlainText(QString::fromStdString("{" + word));
    action("file.save").trigger();
    expect_small("with text that is no experiment");
    action("file.new").trigger();
    EXPECT_TRUE(find<UnsavedBar>("unsaved_bar").isVisible());
    expect_small("with a question");
    window_->messages().clear();
    find<UnsavedBar>("unsaved_bar").clear();
    window_->document().start_new();
    find<QPushButton>("revert_text").click();
    make_fixture_database(file(QStringLiteral("runs.db")).toStdString());
    window_->open_file(file(QStringLiteral("runs.db")));
    ASSERT_TRUE(QTest::qWaitFor([&] { return window_->results().model().rowCount() == 2; }));
    window_->results().select_runs({1, 2});
    for (int tab = 0; tab < window_->tabs().count(); ++tab) {
        window_->tabs().setCurrentIndex(tab);
        expect_small(window_->tabs().tabText(tab).toStdString().c_str());
    }
    window_->results().select_runs({1});
    action("run.open").trigger();
    ASSERT_TRUE(QTest::qWaitFor([&] { return window_->timeline_page().has_trace(); }));
    expect_small("with a timeline");
    EXPECT_TRUE(window_->close());
    window_.reset();
    open_window();
    window_->resize(small);
    expect_small("when it is opened again");
}

TEST_F(WindowSize, StaysWhileSomethingRuns) {
    put_long_experiment(2);
    window_->document().edit(QStringLiteral("Name"), {}, [&](Json& json) { json["name"] = std::string(200, 'n'); });
    wait_for_answer();
    action("run.start").trigger();
    expect_small("when a run is started");
    ASSERT_TRUE(wait_for_begin()) << message();
    expect_small("while it runs");
    ASSERT_TRUE(wait_for_end());
    expect_small("at its end");
}

TEST_F(WindowSize, ShortMessagesMoveNothingAndQuestionsCoverNothing) {
    const QRect before = views();
    window_->messages().show_message(QStringLiteral("Saved."), MessageBar::Kind::note);
    settle();
    EXPECT_EQ(views(), before);
    EXPECT_FALSE(window_->messages().visibleRegion().isEmpty());
    const QRect bar(window_->messages().mapTo(window_.get(), QPoint()), window_->messages().size());
    EXPECT_LE(bar.bottom(), before.top()) << "a short one covers nothing either";
    window_->document().edit(QStringLiteral("Name"), {}, [](Json& json) { json["name"] = "changed"; });
    action("file.new").trigger();
    settle();
    const auto& question = find<UnsavedBar>("unsaved_bar");
    EXPECT_FALSE(question.visibleRegion().isEmpty());
    EXPECT_LE(question.mapTo(window_.get(), QPoint()).y() + question.height(), views().top());
    EXPECT_EQ(find<QLabel>("unsaved_question").text(),
              QStringLiteral("Begin a new experiment: save the changes to changed first?"));
    for (const char* name : {"save_changes", "discard_changes", "keep_editing"}) {
        EXPECT_EQ(find<QPushButton>(name).visibleRegion().boundingRect(), find<QPushButton>(name).rect()) << name;
    }
    find<QPushButton>("keep_editing").click();
    settle();
    EXPECT_EQ(views(), before) << "all is as it was";
}

TEST_F(WindowSize, ThePanelStaysAsWideAsItIsWhenLayersComeAndGo) {
    const auto& panel = find<QDockWidget>("experiment_dock");
    const int before = panel.width();
    for (const char* leaf : {"strided_columns", "neighbourhood", "slices"}) {
        for (QAction* entry : find<QToolButton>("add_layer").menu()->actions()) {
            if (entry->text() == QLatin1String(leaf)) {
                entry->trigger();
            }
        }
        settle();
        EXPECT_EQ(panel.width(), before) << leaf;
    }
}

TEST_F(WindowSize, TheFirstWindowFitsOnTheScreen) {
    WindowOptions options;
    options.database = file(QStringLiteral("first.db")).toStdString();
    options.settings = std::make_unique<QSettings>(file(QStringLiteral("first.ini")), QSettings::IniFormat);
    const MainWindow first(std::move(options));
    const QSize room = first.screen()->availableSize();
    EXPECT_LT(first.width(), std::max(room.width(), first.minimumSizeHint().width() + 1));
    EXPECT_LT(first.height(), std::max(room.height(), first.minimumSizeHint().height() + 1));
    EXPECT_LE(first.width(), 1440);
    EXPECT_LE(first.height(), 900);
}

}  // namespace
}  // namespace longscope
