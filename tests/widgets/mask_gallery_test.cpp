// SPDX-License-Identifier: GPL-3.0-or-later
// Every leaf and every preset, as cards with pictures, found by typing.
#include "widgets/mask/mask_gallery.h"

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <nlohmann/json.hpp>

#include "engine/mask/expression.h"
#include "tests/support/pictures.h"
#include "tests/support/turns.h"
#include "widgets/base/colours.h"

namespace longscope {
namespace {

class MaskGalleryTest : public testing::Test {
  protected:
    MaskGalleryTest() {
        gallery_.resize(960, 640);
        gallery_.show();
        EXPECT_TRUE(QTest::qWaitForWindowExposed(&gallery_));
        gallery_.search().setFocus();
        QObject::connect(&gallery_, &MaskGallery::add_wanted, &gallery_,
                         [this](const GalleryEntry& entry) { added_ << entry.name(); });
        QObject::connect(&gallery_, &MaskGallery::replace_wanted, &gallery_,
                         [this](const GalleryEntry& entry) { replaced_ << entry.name(); });
    }
    [[nodiscard]] const QAbstractItemModel& rows() { return *gallery_.list().model(); }
    [[nodiscard]] QStringList names() {
        QStringList names;
        for (int row = 0; row < rows().rowCount(); ++row) {
            names << rows().index(row, 0).data().toString();
        }
        return names;
    }
    void type(const char* text) {
        gallery_.search().clear();
        QTest::keyClicks(&gallery_.search(), QLatin1String(text));
    }
    [[nodiscard]] bool has_pictures() {
        int missing = 0;
        for (int row = 0; row < rows().rowCount(); ++row) {
            missing += rows().index(row, 0).data(Qt::DecorationRole).value<QImage>().isNull() ? 1 : 0;
        }
        return missing == 0;
    }

    Appearance appearance_;
    MaskGallery gallery_{appearance_};
    QStringList added_;
    QStringList replaced_;
};

TEST_F(MaskGalleryTest, ListsEveryLeafAndEveryPreset) {
    EXPECT_EQ(rows().rowCount(), static_cast<int>(mask_leaves().size() + mask_presets().size()));
    EXPECT_EQ(names().first(), QStringLiteral("full"));
    EXPECT_EQ(names().last(), to_qstring(mask_presets().back().name));
    for (const GalleryEntry& entry : gallery_entries()) {
        EXPECT_NO_THROW((void)parse_mask(parse_json(entry.expression(), "entry"), "mask"))
            << entry.name().toStdString();
        EXPECT_TRUE(entry.rich_text().contains(entry.source().toHtmlEscaped()));
        EXPECT_TRUE(entry.rich_text().contains(entry.definition().toHtmlEscaped()));
    }
}

TEST_F(MaskGalleryTest, IsAModelThatKeepsTheRules) {
    MaskGalleryModel model(appearance_);
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    MaskGalleryFilter filter;
    const QAbstractItemModelTester filtered(&filter, QAbstractItemModelTester::FailureReportingMode::Fatal);
    filter.setSourceModel(&model);
    for (const char* text : {"causal", "no such mask", "", "document flash"}) {
        filter.search(QLatin1String(text));
    }
    EXPECT_FALSE(model.data({}, Qt::DisplayRole).isValid());
}

TEST_F(MaskGalleryTest, FindsNamesFirstThenMeaningsAndSources) {
    type("window");
    EXPECT_EQ(names().first(), QStringLiteral("window")) << "exactly that";
    EXPECT_TRUE(names().contains(QStringLiteral("streaming_llm"))) << "by its meaning";
    type("2007.14062");
    EXPECT_EQ(names(), (QStringList{QStringLiteral("block_window"), QStringLiteral("bigbird")})) << "by their source";
    type("PRESET  Llama");
    EXPECT_EQ(names(), QStringList{QStringLiteral("chunked_causal")}) << "all words, in either case";
    type("no such mask");
    EXPECT_TRUE(names().isEmpty());
    EXPECT_EQ(gallery_.current(), nullptr);
    EXPECT_FALSE(gallery_.findChild<QPushButton*>(QStringLiteral("gallery_add"))->isEnabled());
    QTest::keyClick(&gallery_.search(), Qt::Key_Return);
    EXPECT_TRUE(added_.isEmpty());
}

TEST_F(MaskGalleryTest, IsUsedByTheKeysAlone) {
    type("block");
    const QString first = gallery_.current()->name();
    QTest::keyClick(&gallery_.search(), Qt::Key_Right);
    const QString second = gallery_.current()->name();
    EXPECT_EQ(QStringList({first, second}), names().mid(0, 2));
    QTest::keyClick(&gallery_.search(), Qt::Key_Down);
    EXPECT_GT(names().indexOf(gallery_.current()->name()), 2) << "the row below";
    QTest::keyClick(&gallery_.search(), Qt::Key_Up);
    QTest::keyClick(&gallery_.search(), Qt::Key_Return);
    EXPECT_EQ(added_, QStringList{second});
    EXPECT_TRUE(replaced_.isEmpty());
    QTest::keyClick(&gallery_.search(), Qt::Key_Return, Qt::ControlModifier);
    EXPECT_EQ(replaced_, QStringList{second});
    const auto* details = gallery_.findChild<QLabel*>(QStringLiteral("gallery_details"));
    EXPECT_TRUE(details->text().contains(gallery_.current()->definition())) << "what a tool tip tells the mouse";
    EXPECT_TRUE(details->text().contains(gallery_.current()->source()));
}

TEST_F(MaskGalleryTest, IsUsedByTheMouse) {
    type("bigbird");
    const QRect card = gallery_.list().visualRect(gallery_.list().model()->index(0, 0));
    QTest::mouseClick(gallery_.list().viewport(), Qt::LeftButton, {}, card.center());
    EXPECT_TRUE(added_.isEmpty());
    QTest::mouseDClick(gallery_.list().viewport(), Qt::LeftButton, {}, card.center());
    EXPECT_EQ(added_, QStringList{QStringLiteral("bigbird")});
    gallery_.findChild<QPushButton*>(QStringLiteral("gallery_replace"))->click();
    EXPECT_EQ(replaced_, QStringList{QStringLiteral("bigbird")});
}

TEST_F(MaskGalleryTest, DrawsItsPicturesInTheThemeOfTheWindowOnce) {
    ASSERT_TRUE(QTest::qWaitFor([&] { return has_pictures(); }));
    const auto picture = [&] { return rows().index(0, 0).data(Qt::DecorationRole).value<QImage>(); };
    const QImage light = picture();
    EXPECT_EQ(light.pixelColor(60, 60), to_qcolor(light_theme().density.back()));
    appearance_.set_mode(Appearance::Mode::dark);
    ASSERT_TRUE(QTest::qWaitFor([&] { return has_pictures(); }));
    EXPECT_EQ(picture().pixelColor(60, 60), to_qcolor(dark_theme().density.back()));
    appearance_.set_mode(Appearance::Mode::light);
    EXPECT_EQ(picture().cacheKey(), light.cacheKey()) << "it was kept";
}

TEST_F(MaskGalleryTest, NeverMakesTheWindowWait) {
    TurnWatch watch;
    watch.turn("show", [&] { gallery_.repaint(); });
    ASSERT_TRUE(watch.wait([&] { return has_pictures(); }));
    for (const char letter : std::string("causal document")) {
        watch.turn("type", [&] { QTest::keyClick(&gallery_.search(), letter); });
    }
    for (int i = 0; i < 20; ++i) {
        watch.turn("move", [&] { QTest::keyClick(&gallery_.search(), Qt::Key_Right); });
    }
    watch.turn("clear", [&] { gallery_.start_again(); });
    watch.turn("dark", [&] { appearance_.set_mode(Appearance::Mode::dark); });
    ASSERT_TRUE(watch.wait([&] { return has_pictures(); }));
    EXPECT_LT(watch.longest_ms(), 50 * sanitizer_slowdown) << watch.longest(1).front().what;
}

TEST_F(MaskGalleryTest, IsDrawnForPeopleToLookAt) {
    for (const bool dark : {false, true}) {
        appearance_.set_mode(dark ? Appearance::Mode::dark : Appearance::Mode::light);
        ASSERT_TRUE(QTest::qWaitFor([&] { return has_pictures(); }));
        save_picture(render_at(gallery_, 1), QStringLiteral("mask-gallery"), dark, 1);
        type("preset");
        const QImage presets = render_at(gallery_, 1);
        save_picture(presets, QStringLiteral("mask-gallery-presets"), dark, 1);
        EXPECT_GT(count_colours(presets), 20);
        type("");
    }
}

}  // namespace
}  // namespace longscope
