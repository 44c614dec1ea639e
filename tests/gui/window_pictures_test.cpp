// SPDX-License-Identifier: GPL-3.0-or-later
// Every view of the window, light and dark, at 100 and 200 %, for people to look at.
#include <QApplication>
#include <QDockWidget>
#include <QPlainTextEdit>
#include <QTabWidget>
#include <QTableView>
#include <QTest>

#include "app/desktop/layout_page.h"
#include "app/desktop/mask_page.h"
#include "app/desktop/timeline_page.h"
#include "tests/gui/window_fixture.h"
#include "tests/support/paths.h"
#include "tests/support/pictures.h"
#include "tests/support/sanitized.h"
#include "widgets/results/run_table.h"

namespace longscope {
namespace {

class WindowPictures : public WindowTest {
  protected:
    static constexpr int patience_ms = static_cast<int>(60'000 * sanitizer_slowdown);

    void take(const QString& name) {
        for (const bool dark : {false, true}) {
            window_->appearance().set_mode(dark ? Appearance::Mode::dark : Appearance::Mode::light);
            QCoreApplication::processEvents();
            for (const int ratio : {1, 2}) {
                const QImage picture = render_at(*window_, ratio);
                save_picture(picture, name, dark, ratio);
                EXPECT_GT(count_colours(picture), 20) << name.toStdString();
                // Nothing is left unpainted.
                EXPECT_FALSE(picture.pixelColor(5, picture.height() / 2) == QColor(Qt::magenta));
            }
        }
    }
    void wait_until_sharp() {
        ASSERT_TRUE(QTest::qWaitFor([&] {
            window_->mask_page().canvas().repaint();
            return window_->mask_page().canvas().frame_quality().sharp();
        }));
    }
};

TEST_F(WindowPictures, OfTheMask) {
    window_->open_file(QStringLiteral(LONGSCOPE_SOURCE_DIR "/resources/experiments/documents-64k-zigzag.json"));
    wait_for_answer();
    wait_until_sharp();
    take(QStringLiteral("window"));
    window_->mask_page().canvas().select(Box{{30'000, 42'000}, {28'000, 40'000}});
    ASSERT_TRUE(QTest::qWaitFor([&] { return !window_->mask_page().summary().isEmpty(); }));
    take(QStringLiteral("window-mask"));
}

TEST_F(WindowPictures, OfRuns) {
    window_->open_file(QStringLiteral(LONGSCOPE_SOURCE_DIR "/resources/experiments/documents-64k-zigzag.json"));
    window_->document().edit(QStringLiteral("Shorten"), {}, [](Json& json) {
        json["sequence"]["tokens"] = sanitizer_slowdown > 1 ? 2'048 : 16'384;
        json["sequence"]["draws"] = 1;
        json["layout"]["ranks"] = 2;
    });
    for (const char* dispatch : {"contiguous", "zigzag", "per_document_zigzag"}) {
        window_->document().edit(QStringLiteral("Dispatch"), {},
                                 [&](Json& json) { json["layout"]["dispatch"] = dispatch; });
        wait_for_answer();
        action("run.start").trigger();
        if (dispatch == std::string("zigzag")) {
            ASSERT_TRUE(
                QTest::qWaitFor([&] { return window_->runs().status().repetition_ns.has_value(); }, patience_ms));
            take(QStringLiteral("window-running"));
        }
        ASSERT_TRUE(QTest::qWaitFor([&] { return !window_->runs().status().going_on(); }, patience_ms));
        EXPECT_EQ(window_->runs().status().state.toStdString(), "done");
    }
    ASSERT_TRUE(QTest::qWaitFor([&] { return window_->results().model().rowCount() == 3; }, patience_ms));
    window_->results().select_runs({1, 3});
    ASSERT_TRUE(QTest::qWaitFor([&] { return window_->timeline_page().has_trace(); }, patience_ms));
    for (int i = 0; i < window_->tabs().count(); ++i) {
        window_->tabs().setCurrentIndex(i);
        // Rows are read when they are first looked at.
        ASSERT_TRUE(QTest::qWaitFor([&] {
            const RunTableModel& runs = window_->results().model();
            return !runs.data(runs.index(0, 1), Qt::DisplayRole).toString().isEmpty();
        }));
        take(QStringLiteral("window-runs-%1").arg(i));
    }
    window_->document().start_new();
    window_->results().select_runs({1});
    window_->results().view().setCurrentIndex(window_->results().model().index(2, 0));
    window_->results().row_actions().at(1)->trigger();
    ASSERT_TRUE(QTest::qWaitFor([&] { return window_->mask_page().looking(); }, patience_ms));
    window_->tabs().setCurrentIndex(0);
    wait_until_sharp();
    take(QStringLiteral("window-look"));
}

TEST_F(WindowPictures, OfTheLayout) {
    window_->open_file(QStringLiteral(LONGSCOPE_SOURCE_DIR "/resources/experiments/documents-64k-zigzag.json"));
    window_->document().edit(QStringLiteral("Layout"), {}, [](Json& json) {
        json["pass"] = "forward_backward";
        json["layout"] = {{"ranks", 8}, {"strategy", "ring"}, {"dispatch", "contiguous"}};
        json["backend"]["memory_per_rank_bytes"] = 200'000'000;
    });
    wait_for_answer();
    LayoutPage& page = window_->layout_page();
    window_->tabs().setCurrentWidget(&page);
    const auto take_parts = [&](const QString& name) {
        for (int part = 0; part < LayoutPage::parts; ++part) {
            page.show_part(static_cast<LayoutPage::Part>(part));
            ASSERT_TRUE(QTest::qWaitFor([&] { return page.current(); }, patience_ms));
            page.steps().choose(CellPlace{2, 1});
            page.communication().choose(CellPlace{2, 3});
            page.choices().view().selectRow(1);
            take(QStringLiteral("%1-%2").arg(name).arg(part));
        }
    };
    take_parts(QStringLiteral("window-layout"));
    window_->resize(1000, 700);
    take_parts(QStringLiteral("window-layout-small"));
    window_->document().edit(QStringLiteral("Layout"), {}, [](Json& json) {
        json["layout"] = {{"ranks", 5}, {"strategy", "ulysses"}, {"dispatch", "contiguous"}};
    });
    wait_for_answer();
    page.show_part(LayoutPage::Part::steps);
    ASSERT_TRUE(QTest::qWaitFor([&] { return page.current(); }, patience_ms));
    take(QStringLiteral("window-layout-infeasible"));
}

TEST_F(WindowPictures, OfEmptyViews) {
    for (int i = 1; i < window_->tabs().count(); ++i) {
        window_->tabs().setCurrentIndex(i);
        take(QStringLiteral("window-empty-%1").arg(i));
    }
}

TEST_F(WindowPictures, OfWhatLiesOverTheWindow) {
    action("help.palette").trigger();
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("vi"));
    take(QStringLiteral("window-palette"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Escape);
    action("help.keys").trigger();
    take(QStringLiteral("window-keys"));
    action("help.keys").trigger();
    window_->document().edit(QStringLiteral("Change"), {}, [](Json& json) { json["layout"]["ranks"] = 4; });
    find<QDockWidget>("json_dock").raise();
    action("file.new").trigger();
    wait_for_answer();
    take(QStringLiteral("window-unsaved"));
}

TEST_F(WindowPictures, OfASmallWindowThatHasMuchToSay) {
    window_->open_file(QStringLiteral(LONGSCOPE_SOURCE_DIR "/resources/experiments/documents-64k-zigzag.json"));
    window_->resize(1000, 700);
    wait_for_answer();
    wait_until_sharp();
    find<QDockWidget>("json_dock").raise();
    find<QPlainTextEdit>("json").setPlainText(QStringLiteral("{\n  \"name\": oops\n}"));
    action("file.new").trigger();
    window_->open_files({file(QStringLiteral("one-that-is-missing.json")), file(QStringLiteral("another.txt"))});
    QCoreApplication::processEvents();
    take(QStringLiteral("window-small"));
}

TEST_F(WindowPictures, OfARefusal) {
    window_->document().edit(QStringLiteral("Break"), {}, [](Json& json) { json["shape"]["query_heads"] = 7; });
    wait_for_answer();
    window_->messages().show_error(QStringLiteral("An error in one line."));
    take(QStringLiteral("window-refused"));
}

}  // namespace
}  // namespace longscope
