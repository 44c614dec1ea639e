// SPDX-License-Identifier: GPL-3.0-or-later
// Kernels under the roof of their device: shown, told, copied, and as a picture in both themes.
#include "widgets/charts/roofline_view.h"

#include <gtest/gtest.h>

#include <QClipboard>
#include <QGuiApplication>
#include <QTest>

#include "tests/support/device_trace.h"
#include "tests/support/pictures.h"

namespace longscope {
namespace {

std::shared_ptr<const KernelsUnderRoof> kernels(const char* environment) {
    return std::make_shared<const KernelsUnderRoof>(kernels_under_roof(both_passes_on_a_device(), environment));
}

class RooflineViewTest : public testing::TestWithParam<bool> {
  protected:
    Appearance appearance_{GetParam() ? Appearance::Mode::dark : Appearance::Mode::light};
    RooflineView view_{appearance_};
};

TEST_P(RooflineViewTest, ShowsThePictureAndALineForEachKernel) {
    view_.show_kernels(kernels(environment_with_a_device), QStringLiteral("run 7, draw 1 of 2, repetition 3"));
    ASSERT_TRUE(view_.has_picture());
    EXPECT_EQ(view_.empty_text(), QString());
    EXPECT_EQ(view_.figures().split(QLatin1Char('\n')).size(), 3);
    EXPECT_TRUE(view_.figures().contains(QStringLiteral("attend: 2 launches"))) << view_.figures().toStdString();
    EXPECT_EQ(view_.accessibleDescription(), view_.figures());
    view_.resize(900, 560);
    view_.show();
    QCoreApplication::processEvents();
    const QImage image = render_at(view_, 2);
    EXPECT_GT(count_colours(image), 5);
    save_picture(image, QStringLiteral("roofline"), GetParam(), 2);
    EXPECT_EQ(view_.picture_maker(1100)().width, 1100);
    EXPECT_EQ(view_.picture_maker(1100)().title, "run 7, draw 1 of 2, repetition 3");
}

TEST_P(RooflineViewTest, CopiesThePictureByTheKey) {
    view_.show_kernels(kernels(environment_with_a_device), QStringLiteral("run 7"));
    view_.resize(700, 480);
    view_.show();
    QGuiApplication::clipboard()->clear();
    QTest::keySequence(&view_, QKeySequence(QKeySequence::Copy));
    EXPECT_FALSE(QGuiApplication::clipboard()->pixmap().isNull());
}

TEST_P(RooflineViewTest, SaysWhatIsMissing) {
    EXPECT_FALSE(view_.has_picture());
    EXPECT_TRUE(view_.empty_text().contains(QStringLiteral("opencl"))) << view_.empty_text().toStdString();
    view_.show_kernels(kernels("{}"), QStringLiteral("run 7"));
    EXPECT_FALSE(view_.has_picture());
    EXPECT_TRUE(view_.empty_text().contains(QStringLiteral("what it does at most")));
    EXPECT_EQ(view_.figures().split(QLatin1Char('\n')).size(), 3) << "figures of kernels need no roof";
    view_.resize(700, 300);
    view_.show();
    QCoreApplication::processEvents();
    save_picture(render_at(view_, 2), QStringLiteral("roofline-empty"), GetParam(), 2);
    view_.show_kernels(nullptr, {});
    EXPECT_EQ(view_.figures(), QString());
    EXPECT_EQ(view_.csv(), "");
}

INSTANTIATE_TEST_SUITE_P(BothThemes, RooflineViewTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& theme) { return theme.param ? "dark" : "light"; });

}  // namespace
}  // namespace longscope
