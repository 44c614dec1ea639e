// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/application_icon.h"

#include <gtest/gtest.h>

#include <QColor>
#include <QImage>
#include <cmath>

namespace longscope {
namespace {

double luminance(const QColor& colour) {
    const auto linear = [](double part) {
        return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF());
}

double contrast(const QColor& one, const QColor& other) {
    const double a = luminance(one);
    const double b = luminance(other);
    return (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05);
}

// The point at these shares of the width and the height.
QColor colour_at(const QImage& image, double x, double y) {
    return image.pixelColor(static_cast<int>(x * image.width()), static_cast<int>(y * image.height()));
}

TEST(ApplicationIcon, ShowsTheCausalTriangleInEverySize) {
    const QIcon icon = application_icon();
    for (const int size : {16, 24, 32, 48, 64, 128}) {
        SCOPED_TRACE(size);
        const QImage image = icon.pixmap(size, size).toImage();
        ASSERT_EQ(image.size(), QSize(size, size));
        EXPECT_LT(image.pixelColor(0, 0).alpha(), 16) << "the corners are round";
        const QColor outside = colour_at(image, 0.78, 0.22);
        const QColor first_rank = colour_at(image, 0.22, 0.78);
        const QColor second_rank = colour_at(image, 0.22, 0.41);
        EXPECT_EQ(outside.alpha(), 255);
        // What an icon must keep apart to be read, as of graphics in the contrast guidelines for the web.
        EXPECT_GE(contrast(first_rank, outside), 3.0);
        EXPECT_GE(contrast(second_rank, outside), 3.0);
        EXPECT_NE(first_rank, second_rank);
    }
}

}  // namespace
}  // namespace longscope
