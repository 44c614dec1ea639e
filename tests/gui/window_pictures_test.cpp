// SPDX-License-Identifier: GPL-3.0-or-later
// Every view of the window, light and dark, at 100 and 200 %, for people to look at.
#include <QTabWidget>
#include <QTest>

#include "app/desktop/mask_page.h"
#include "tests/gui/window_fixture.h"
#include "tests/support/paths.h"
#include "tests/support/pictures.h"

namespace longscope {
namespace {

class WindowPictures : public WindowTest {
  protected:
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
    window_->mask_page().canvas().select(Box{{30'000, 42'000}, {28'000, 40'000}});
    take(QStringLiteral("window-mask"));
}

TEST_F(WindowPictures, OfEmptyViews) {
    for (int i = 1; i < window_->tabs().count(); ++i) {
        window_->tabs().setCurrentIndex(i);
        take(QStringLiteral("window-empty-%1").arg(i));
    }
}

TEST_F(WindowPictures, OfARefusal) {
    window_->document().edit(QStringLiteral("Break"), {}, [](Json& json) { json["shape"]["query_heads"] = 7; });
    wait_for_answer();
    window_->messages().show_error(QStringLiteral("An error in one line."));
    take(QStringLiteral("window-refused"));
}

}  // namespace
}  // namespace longscope
