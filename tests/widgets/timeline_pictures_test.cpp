// SPDX-License-Identifier: GPL-3.0-or-later
// The timeline as people see it, light and dark, at 100 and 200 %, in the folder pictures of the build; pixels that
// must have a certain colour have it.
#include <gtest/gtest.h>

#include <QDir>
#include <QImage>
#include <QScrollBar>
#include <QTest>

#include "tests/support/ring_trace.h"
#include "widgets/base/colours.h"
#include "widgets/timeline/timeline_painter.h"
#include "widgets/timeline/timeline_view.h"

namespace longscope {
namespace {

QImage render(QWidget& widget, double ratio) {
    QImage image(widget.size() * ratio, QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(ratio);
    image.fill(Qt::transparent);
    widget.render(&image);
    return image;
}

std::vector<RankShares> shares_of(std::int32_t ranks) {
    std::vector<RankShares> shares;
    for (std::int32_t rank = 0; rank < ranks; ++rank) {
        shares.push_back({0.78 - 0.02 * rank, 0.12, 0.06 + 0.02 * rank});
    }
    return shares;
}

class TimelinePictures : public testing::TestWithParam<std::tuple<Appearance::Mode, double>> {
  protected:
    TimelinePictures() {
        view_.resize(1100, 640);
        view_.show();
        EXPECT_TRUE(QTest::qWaitForWindowExposed(&view_));
    }

    [[nodiscard]] double ratio() const { return std::get<1>(GetParam()); }

    void save(const QImage& image, const QString& name) const {
        const QDir folder(QStringLiteral(LONGSCOPE_PICTURES));
        ASSERT_TRUE(folder.mkpath(QStringLiteral(".")));
        ASSERT_TRUE(image.save(folder.filePath(QStringLiteral("timeline-%1-%2-%3.png")
                                                   .arg(name, to_qstring(appearance_.theme().name))
                                                   .arg(qRound(ratio() * 100)))));
    }

    [[nodiscard]] static bool is_blank(const QImage& image) {
        for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x) {
                if (image.pixel(x, y) != image.pixel(0, 0)) {
                    return false;
                }
            }
        }
        return true;
    }

    [[nodiscard]] QColor pixel(const QImage& image, double x, double y) const {
        return image.pixelColor(qRound(x * ratio()), qRound(y * ratio()));
    }

    // In the compute row of rank 0.
    [[nodiscard]] QColor at(const QImage& image, Nanoseconds time_ns, double below = 9) const {
        const double left = view_.viewport()->width() - view_.scale().width();
        return pixel(image, left + view_.scale().place(time_ns), header_height(view_.font()) + below);
    }

    Appearance appearance_{std::get<0>(GetParam())};
    TimelineView view_{appearance_};
};

TEST_P(TimelinePictures, OfARing) {
    view_.set_trace(std::make_shared<const Trace>(ring_trace(4, 4)), shares_of(4));
    const QImage image = render(view_, ratio());
    save(image, QStringLiteral("ring"));
    ASSERT_FALSE(is_blank(image));
    const Theme& theme = appearance_.theme();
    EXPECT_EQ(at(image, 1'200'000), to_qcolor(theme.category(Category::attend)));
    EXPECT_EQ(at(image, 1'100'000, 5 + 48 + 2 + 12), to_qcolor(theme.category(Category::send)));
    EXPECT_EQ(pixel(image, 1000, 500), to_qcolor(theme.background)) << "below the rows";
}

TEST_P(TimelinePictures, OfASelection) {
    view_.set_trace(std::make_shared<const Trace>(ring_trace(4, 8)), shares_of(4));
    view_.show_window({1'900'000, 3'400'000});
    view_.set_current(EventPlace{1, 3});
    view_.select(TimeWindow{2'200'000, 2'900'000});
    view_.set_rank(1);
    view_.activateWindow();
    view_.setFocus();
    ASSERT_TRUE(QTest::qWaitFor([&] { return view_.hasFocus(); }));
    const QImage image = render(view_, ratio());
    save(image, QStringLiteral("selection"));
    // A quarter of the way from the send of rank 0 to the receive of rank 1, whose layout is that of the ring above.
    const TraceEvent& send = *view_.current_event();
    const TimelineRows rows(std::make_shared<const Trace>(ring_trace(4, 8)));
    const TraceEvent& receive = *rows.flow(send.flow)->receive;
    const double send_middle = 5 + 48 + 2 + 12;
    const double receive_middle = 112 + 5 + 48 + 2 + 24 + 2 + 12;
    const QColor line = at(image, send.start_ns + (receive.end_ns() - send.start_ns) / 4,
                           send_middle + (receive_middle - send_middle) / 4);
    const QColor foreground = to_qcolor(appearance_.theme().foreground);
    EXPECT_NEAR(line.lightnessF(), foreground.lightnessF(), 0.2);
    EXPECT_NEAR(line.blueF(), foreground.blueF(), 0.2);
}

TEST_P(TimelinePictures, OfManyRanks) {
    view_.set_trace(std::make_shared<const Trace>(ring_trace(64, 200)), shares_of(64));
    ASSERT_TRUE(QTest::qWaitFor([&] { return view_.verticalScrollBar()->isVisible(); }));
    save(render(view_, ratio()), QStringLiteral("many"));
}

TEST_P(TimelinePictures, OfAFewMicroseconds) {
    view_.set_trace(std::make_shared<const Trace>(ring_trace(4, 8)), shares_of(4));
    view_.show_window({2'345'000, 2'345'300});
    save(render(view_, ratio()), QStringLiteral("close"));
}

TEST_P(TimelinePictures, InLittleRoom) {
    view_.resize(420, 240);
    view_.set_trace(std::make_shared<const Trace>(ring_trace(4, 4)), shares_of(4));
    view_.select(TimeWindow{1'300'000, 1'600'000});
    const QImage image = render(view_, ratio());
    save(image, QStringLiteral("small"));
    EXPECT_GT(view_.scale().width(), 200) << "most of it is for the events";
}

TEST_P(TimelinePictures, OfNothing) {
    const QImage image = render(view_, ratio());
    save(image, QStringLiteral("empty"));
    EXPECT_FALSE(is_blank(image)) << "it says why there is nothing";
    EXPECT_EQ(pixel(image, 5, 5), to_qcolor(appearance_.theme().background));
}

TEST_P(TimelinePictures, ANewAppearanceRecolours) {
    view_.set_trace(std::make_shared<const Trace>(ring_trace(4, 4)));
    appearance_.set_mode(appearance_.mode() == Appearance::Mode::dark ? Appearance::Mode::light
                                                                      : Appearance::Mode::dark);
    EXPECT_EQ(at(render(view_, ratio()), 1'200'000), to_qcolor(appearance_.theme().category(Category::attend)));
}

INSTANTIATE_TEST_SUITE_P(Themes, TimelinePictures,
                         testing::Combine(testing::Values(Appearance::Mode::light, Appearance::Mode::dark),
                                          testing::Values(1.0, 2.0)));

}  // namespace
}  // namespace longscope
