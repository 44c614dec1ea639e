// SPDX-License-Identifier: GPL-3.0-or-later
// A mask is chosen from the gallery and becomes a part of the experiment, by the keys alone.
#include <QPushButton>
#include <QSpinBox>
#include <QTest>
#include <QToolButton>

#include "app/desktop/panels/mask_gallery_popup.h"
#include "engine/mask/mask_presets.h"
#include "tests/gui/window_fixture.h"
#include "tests/support/pictures.h"
#include "widgets/base/colours.h"

namespace longscope {
namespace {

class GalleryInTheWindow : public WindowTest {
  protected:
    GalleryInTheWindow() {
        window_->activateWindow();
        EXPECT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    }
    MaskGalleryPopup& popup() { return find<MaskGalleryPopup>("mask_gallery"); }
    Json mask() const { return experiment()["mask"]; }
    // Where the keys go.
    static void type(const char* text) { QTest::keyClicks(QApplication::focusWidget(), QLatin1String(text)); }
    static void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) {
        QTest::keyClick(QApplication::focusWidget(), key, modifiers);
    }
    static Json json(std::string_view text) { return parse_json(text, "expected"); }
};

TEST_F(GalleryInTheWindow, ALeafIsFoundByTypingAndAddedByReturn) {
    press(Qt::Key_L, Qt::ControlModifier);
    ASSERT_TRUE(popup().isVisible());
    type("sink");
    press(Qt::Key_Return);
    EXPECT_FALSE(popup().isVisible());
    EXPECT_EQ(mask(), json(R"({"and": [{"causal": {}}, {"sink": {"tokens": 4}}]})"));
    EXPECT_EQ(QApplication::focusWidget()->objectName(), QStringLiteral("tokens")) << "its parameters come next";
    type("9");
    press(Qt::Key_Return);
    wait_for_answer();
    EXPECT_NE(window_->evaluator().current(), nullptr);
    window_->document().undo_stack().undo();
    window_->document().undo_stack().undo();
    EXPECT_EQ(mask(), json(R"({"causal": {}})")) << "each is one step";
}

TEST_F(GalleryInTheWindow, APresetIsAddedOrPutInThePlaceOfTheMask) {
    const std::string_view bigbird = find_mask_preset("bigbird")->expression;
    action("edit.gallery").trigger();
    type("bigbird");
    press(Qt::Key_Return);
    EXPECT_EQ(mask(), (Json{{"and", {json(R"({"causal": {}})"), json(bigbird)}}}));
    action("edit.gallery").trigger();
    type("bigbird");
    press(Qt::Key_Return, Qt::ControlModifier);
    EXPECT_EQ(mask(), json(bigbird));
    EXPECT_EQ(window_->document().stack().size(), 3U) << "its leaves are layers that can be changed";
    EXPECT_EQ(window_->document().undo_stack().undoText(), QStringLiteral("Replace mask by bigbird"));
    window_->document().undo_stack().undo();
    window_->document().undo_stack().undo();
    EXPECT_EQ(mask(), json(R"({"causal": {}})"));
}

TEST_F(GalleryInTheWindow, EveryEntryBecomesAMaskOfTheWindow) {
    for (const GalleryEntry& entry : gallery_entries()) {
        action("edit.gallery").trigger();
        Q_EMIT popup().gallery().replace_wanted(entry);
        wait_for_answer();
        EXPECT_NE(window_->evaluator().current(), nullptr)
            << entry.name().toStdString() << ": " << window_->evaluator().refusal().toStdString();
    }
}

TEST_F(GalleryInTheWindow, IsOpenedByTheButtonAndClosedWithoutAChoice) {
    auto& button = find<QToolButton>("add_layer");
    button.setFocus();
    button.click();
    ASSERT_TRUE(popup().isVisible());
    press(Qt::Key_Escape);
    EXPECT_FALSE(popup().isVisible());
    EXPECT_EQ(QApplication::focusWidget(), &button) << "as before";
    button.click();
    for (const char* name : {"gallery_search", "gallery_list", "gallery_add", "gallery_replace"}) {
        EXPECT_EQ(QApplication::focusWidget()->objectName(), QLatin1String(name)) << "by Tab";
        press(Qt::Key_Tab);
    }
    EXPECT_EQ(QApplication::focusWidget()->objectName(), QStringLiteral("gallery_search")) << "and round again";
    press(Qt::Key_Backtab, Qt::ShiftModifier);
    EXPECT_EQ(QApplication::focusWidget()->objectName(), QStringLiteral("gallery_replace"));
    window_->tabs().setFocus();
    EXPECT_FALSE(popup().isVisible()) << "who goes on elsewhere has chosen none";
    EXPECT_FALSE(window_->document().undo_stack().canUndo());
}

TEST_F(GalleryInTheWindow, IsDrawnForPeopleToLookAt) {
    action("edit.gallery").trigger();
    for (const bool dark : {false, true}) {
        window_->appearance().set_mode(dark ? Appearance::Mode::dark : Appearance::Mode::light);
        const QAbstractItemModel& rows = *popup().gallery().list().model();
        ASSERT_TRUE(QTest::qWaitFor([&] {
            int missing = 0;
            for (int row = 0; row < rows.rowCount(); ++row) {
                missing += rows.index(row, 0).data(Qt::DecorationRole).value<QImage>().isNull() ? 1 : 0;
            }
            return missing == 0;
        }));
        const QImage picture = render_at(*window_, 1);
        save_picture(picture, QStringLiteral("window-gallery"), dark, 1);
        EXPECT_GT(count_colours(picture), 20);
    }
}

}  // namespace
}  // namespace longscope
