// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/mask_canvas.h"

#include <gtest/gtest.h>

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/support/frame_times.h"
#include "tests/support/mouse.h"
#include "tests/support/pictures.h"
#include "widgets/base/colours.h"

namespace longscope {
namespace {

Experiment experiment_of(std::int64_t tokens, const char* mask, std::int64_t ranks) {
    const Json document{
        {"longscope_experiment", 1},
        {"name", "canvas"},
        {"shape", {{"query_heads", 4}, {"key_value_heads", 2}, {"head_dim_qk", 64}, {"head_dim_v", 64}}},
        {"sequence", {{"tokens", tokens}, {"lengths", {{"histogram", {{"[2000,60000)", 1}}}}}}},
        {"mask", parse_json(mask, "test")},
        {"layout", {{"ranks", ranks}, {"strategy", "ring"}, {"dispatch", "per_document_zigzag"}}}};
    return parse_experiment(document, "/", {{"ring"}, {"per_document_zigzag"}, {"cpu"}});
}

std::shared_ptr<const ShownMask> shown(std::int64_t tokens = 1'048'576, std::int64_t ranks = 8,
                                       const char* mask = R"({"and": [{"documents": {}}, {"causal": {}}]})") {
    return shown_mask(compile_draw(experiment_of(tokens, mask, ranks), 0));
}

class MaskCanvasTest : public testing::Test {
  protected:
    explicit MaskCanvasTest() {
        canvas_.resize(1280, 800);
        canvas_.show();
        EXPECT_TRUE(QTest::qWaitForWindowExposed(&canvas_));
    }
    void wait_until_sharp() {
        ASSERT_TRUE(QTest::qWaitFor([&] {
            canvas_.repaint();
            return canvas_.frame_quality().sharp();
        }));
    }
    [[nodiscard]] QPointF place(double query, double key) const {
        return canvas_.plot().topLeft() + QPointF(canvas_.viewport().x_of(key), canvas_.viewport().y_of(query));
    }
    void wheel(const QPointF& at, int notches) { turn_wheel(canvas_, at, notches); }

    Appearance appearance_;
    MaskCanvas canvas_{appearance_};
};

TEST_F(MaskCanvasTest, PaintsTheDensityOfEachCell) {
    canvas_.show_mask(shown(1'048'576, 1, R"({"causal": {}})"));
    wait_until_sharp();
    const QImage picture = canvas_.grab().toImage();
    const auto colour = [&](double query, double key) { return picture.pixelColor(place(query, key).toPoint()); };
    const Theme& theme = appearance_.theme();
    EXPECT_EQ(colour(900'000, 100'000), to_qcolor(theme.density.back()));
    EXPECT_EQ(colour(100'000, 900'000), to_qcolor(theme.density.front()));
}

TEST_F(MaskCanvasTest, RecoloursAtOnce) {
    canvas_.show_mask(shown(4096, 1, R"({"full": {}})"));
    wait_until_sharp();
    appearance_.set_mode(Appearance::Mode::dark);
    const QImage picture = canvas_.grab().toImage();
    EXPECT_EQ(picture.pixelColor(place(2000, 1000).toPoint()), to_qcolor(dark_theme().density.back()));
    EXPECT_EQ(picture.pixelColor(2, 790), to_qcolor(dark_theme().background));
}

// An edit of anything else leaves the mask as it was.
TEST_F(MaskCanvasTest, KeepsThePictureOfTheSameMask) {
    const auto first = shown();
    canvas_.show_mask(first);
    wait_until_sharp();
    auto renamed = std::make_shared<ShownMask>(*first);
    renamed->draw.experiment.name = "renamed";
    canvas_.show_mask(renamed);
    canvas_.repaint();
    EXPECT_TRUE(canvas_.frame_quality().sharp()) << "nothing has been waited for";
    EXPECT_EQ(canvas_.shown(), renamed);
    canvas_.show_mask(shown());
    canvas_.repaint();
    EXPECT_FALSE(canvas_.frame_quality().sharp()) << "another one is drawn anew";
}

TEST_F(MaskCanvasTest, ZoomsAtTheCursorAndPans) {
    canvas_.show_mask(shown());
    const QPointF at = place(700'000, 600'000);
    wheel(at, 10);
    EXPECT_NEAR(place(700'000, 600'000).x(), at.x(), 0.01);
    EXPECT_NEAR(place(700'000, 600'000).y(), at.y(), 0.01);
    const double before = canvas_.viewport().x_of(600'000);
    drag_mouse(canvas_, at, at + QPointF(30, 0), Qt::MiddleButton);
    EXPECT_NEAR(canvas_.viewport().x_of(600'000), before + 30, 0.01);
    drag_mouse(canvas_, at, at - QPointF(30, 0), Qt::LeftButton, Qt::ShiftModifier);
    EXPECT_NEAR(canvas_.viewport().x_of(600'000), before, 0.01);
}

TEST_F(MaskCanvasTest, SelectsARegionAndFocusesItAndFitsAgain) {
    canvas_.show_mask(shown());
    QSignalSpy spy(&canvas_, &MaskCanvas::selection_changed);
    drag_mouse(canvas_, place(200'000, 100'000), place(400'000, 300'000));
    ASSERT_TRUE(canvas_.selection());
    EXPECT_GE(spy.count(), 1);
    const double pixel = canvas_.viewport().tokens_per_pixel();
    EXPECT_NEAR(static_cast<double>(canvas_.selection()->q.begin), 200'000, pixel);
    EXPECT_NEAR(static_cast<double>(canvas_.selection()->k.end), 300'000, pixel);
    QTest::keyClick(&canvas_, Qt::Key_F);
    EXPECT_LT(canvas_.viewport().visible().q.size(), 300'000);
    QTest::keyClick(&canvas_, Qt::Key_F);
    EXPECT_TRUE(canvas_.viewport().shows_all());
    QTest::keyClick(&canvas_, Qt::Key_Escape);
    EXPECT_FALSE(canvas_.selection());
}

TEST_F(MaskCanvasTest, TellsWhatIsUnderThePointer) {
    canvas_.show_mask(shown(4096, 1, R"({"causal": {}})"));
    wheel(place(2000, 100), 40);
    const QString text = canvas_.text_at(place(2000.5, 100.5));
    EXPECT_TRUE(text.startsWith(QStringLiteral("query 2,000, key 100: kept"))) << text.toStdString();
    EXPECT_TRUE(text.contains(QStringLiteral("tile row 15, column 0: full"))) << text.toStdString();
    EXPECT_EQ(canvas_.text_at({1, 1}), QString());
}

TEST_F(MaskCanvasTest, WhatIsUnderThePointerIsToldAfterEveryMoveOfTheView) {
    canvas_.show_mask(shown(4096, 1, R"({"causal": {}})"));
    QString told;
    QObject::connect(&canvas_, &MaskCanvas::hovered, [&](const QString& text) { told = text; });
    const QPointF at = place(3000, 1000);
    QTest::mouseMove(&canvas_, at.toPoint());
    send_mouse(canvas_, QEvent::MouseMove, at, Qt::NoButton, Qt::NoButton);
    EXPECT_FALSE(told.isEmpty());
    canvas_.select(Box{{3000, 3500}, {100, 600}});
    for (const Qt::Key key : {Qt::Key_F, Qt::Key_W, Qt::Key_Right, Qt::Key_Down, Qt::Key_S, Qt::Key_Home}) {
        const QString before = told;
        QTest::keyClick(&canvas_, key);
        EXPECT_EQ(told.toStdString(), canvas_.text_at(at).toStdString()) << key;
        EXPECT_NE(told, before) << key;
    }
    QEvent leave(QEvent::Leave);
    QCoreApplication::sendEvent(&canvas_, &leave);
    EXPECT_EQ(told, QString());
    QTest::keyClick(&canvas_, Qt::Key_W);
    EXPECT_EQ(told, QString()) << "the pointer is elsewhere";
}

// Ranks have colours along the axes: the room for them is taken from the plot.
TEST_F(MaskCanvasTest, TheWholeMaskIsInViewFromTheBeginning) {
    for (const int ranks : {2, 1, 8}) {
        canvas_.show_mask(shown(4096 * ranks, ranks));
        EXPECT_TRUE(canvas_.plot().adjusted(-0.5, -0.5, 0.5, 0.5).contains(place(4096 * ranks, 4096 * ranks))) << ranks;
        EXPECT_TRUE(canvas_.viewport().shows_all());
    }
    canvas_.resize(700, 900);
    EXPECT_TRUE(canvas_.viewport().shows_all());
    canvas_.resize(900, 400);
    EXPECT_TRUE(canvas_.viewport().shows_all());
    EXPECT_TRUE(canvas_.plot().adjusted(-0.5, -0.5, 0.5, 0.5).contains(place(8 * 4096, 8 * 4096)));
}

TEST_F(MaskCanvasTest, IsNamedAndDescribedForAccessibility) {
    canvas_.set_empty_text(QStringLiteral("nothing"));
    canvas_.show_mask(nullptr);
    EXPECT_EQ(canvas_.accessibleDescription(), QStringLiteral("nothing"));
    canvas_.show_mask(shown(4096));
    EXPECT_EQ(canvas_.accessibleName(), QStringLiteral("Mask"));
    EXPECT_TRUE(canvas_.accessibleDescription().contains(QStringLiteral("queries 0 to 4,096")));
}

// Zooms and pans over a million tokens. A frame counts only if every tile in view is exact or one level coarser.
TEST_F(MaskCanvasTest, IsFluentAtAMillionTokens) {
    canvas_.show_mask(shown());
    wait_until_sharp();
    FrameTimes frames;
    int counted = 0;
    std::int64_t latest_sharp_ms = 0;
    for (int gesture = 0; gesture < 6; ++gesture) {
        for (int i = 0; i < 25; ++i) {
            if (gesture % 2 == 0) {
                wheel(canvas_.plot().center() + QPointF(gesture * 40, 30), gesture == 4 ? -1 : 1);
            } else {
                QTest::keyClick(&canvas_, i % 2 == 0 ? Qt::Key_Right : Qt::Key_Down);
            }
            QElapsedTimer frame;
            frame.start();
            frames.measure([&] { canvas_.repaint(); });
            counted += canvas_.frame_quality().counts() ? 1 : 0;
            while (frame.elapsed() < 16) {  // as often as a screen shows one
                QCoreApplication::processEvents(QEventLoop::AllEvents, 1);
            }
        }
        QElapsedTimer since;
        since.start();
        wait_until_sharp();
        latest_sharp_ms = std::max(latest_sharp_ms, static_cast<std::int64_t>(since.elapsed()));
    }
    std::printf("mask canvas, 1,048,576 tokens, 1280 x 800: frames %s; %d of %zu counted; sharp after %ld ms\n",
                frames.text().c_str(), counted, frames.count(), static_cast<long>(latest_sharp_ms));
    EXPECT_GE(counted * 100, static_cast<int>(frames.count()) * 90);
    EXPECT_LT(frames.percentile_ms(50), 16);
    EXPECT_LT(frames.percentile_ms(99), 33);
    EXPECT_LT(latest_sharp_ms, 200);
}

TEST_F(MaskCanvasTest, IsDrawnForThePicturesOfTheManual) {
    for (const bool dark : {false, true}) {
        for (const int ratio : {1, 2}) {
            appearance_.set_mode(dark ? Appearance::Mode::dark : Appearance::Mode::light);
            canvas_.show_mask(shown(1'048'576, 8));
            canvas_.fit();
            wait_until_sharp();
            const QImage picture = render_at(canvas_, ratio);
            save_picture(picture, QStringLiteral("mask-canvas"), dark, ratio);
            EXPECT_GT(count_colours(picture), 20);
            canvas_.select(Box{{500'000, 560'000}, {500'000, 560'000}});
            canvas_.focus_selection();
            wait_until_sharp();
            save_picture(render_at(canvas_, ratio), QStringLiteral("mask-canvas-zoomed"), dark, ratio);
        }
    }
}

}  // namespace
}  // namespace longscope
