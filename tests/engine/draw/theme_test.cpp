// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/theme.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "engine/base/error.h"

namespace longscope {
namespace {

using Vector = std::array<double, 3>;
using Matrix = std::array<Vector, 3>;

Vector times(const Matrix& matrix, const Vector& v) {
    Vector out{};
    for (std::size_t i = 0; i < 3; ++i) {
        out.at(i) = matrix.at(i)[0] * v[0] + matrix.at(i)[1] * v[1] + matrix.at(i)[2] * v[2];
    }
    return out;
}

Vector linear_rgb(Colour colour) {
    const auto channel = [](std::uint8_t value) {
        const double v = value / 255.0;
        return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    };
    return {channel(colour.red), channel(colour.green), channel(colour.blue)};
}

// CIE 1976 L*a*b*, white point D65.
Vector lab(const Vector& linear) {
    const Vector xyz = times({{{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}}}, linear);
    const auto f = [](double t) { return t > 216.0 / 24389.0 ? std::cbrt(t) : (24389.0 / 27.0 * t + 16) / 116; };
    const double fx = f(std::max(xyz[0], 0.0) / 0.9505);
    const double fy = f(std::max(xyz[1], 0.0));
    const double fz = f(std::max(xyz[2], 0.0) / 1.089);
    return {116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)};
}

double lightness(Colour colour) {
    return lab(linear_rgb(colour))[0];
}

// Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision deficiency", 2009,
// severity 1.0; and normal sight.
const std::array<Matrix, 4> sights{{
    {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
    {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
    {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
    {{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}},
}};

double distance(Colour a, Colour b, const Matrix& sight) {
    const Vector left = lab(times(sight, linear_rgb(a)));
    const Vector right = lab(times(sight, linear_rgb(b)));
    return std::hypot(left[0] - right[0], left[1] - right[1], left[2] - right[2]);
}

class Themes : public testing::TestWithParam<const char*> {
  protected:
    const Theme& theme = theme_named(GetParam());
};

TEST_P(Themes, CategoriesDifferForEverySight) {
    for (const Matrix& sight : sights) {
        for (std::size_t i = 0; i < theme.categories.size(); ++i) {
            EXPECT_GT(distance(theme.categories.at(i), theme.background, sight), 20);
            for (std::size_t j = 0; j < i; ++j) {
                EXPECT_GT(distance(theme.categories.at(i), theme.categories.at(j), sight), 12) << i << " and " << j;
            }
        }
    }
}

TEST_P(Themes, TheFirstEightRanksDifferForEverySight) {
    for (const Matrix& sight : sights) {
        for (std::int64_t i = 0; i < 8; ++i) {
            for (std::int64_t j = 0; j < i; ++j) {
                EXPECT_GT(distance(theme.rank(i, 8), theme.rank(j, 8), sight), 10) << i << " and " << j;
            }
        }
    }
}

TEST_P(Themes, DensityIsOrderedByLightness) {
    const double direction = GetParam() == std::string_view("light") ? -1 : 1;
    for (std::size_t i = 1; i < theme.density.size(); ++i) {
        EXPECT_GT(direction * (lightness(theme.density[i]) - lightness(theme.density[i - 1])), 4) << i;
    }
}

TEST_P(Themes, ManyRanksAreOrderedByLightness) {
    constexpr int ranks = 64;
    for (int i = 1; i < ranks; ++i) {
        EXPECT_GE(lightness(theme.rank(i, ranks)), lightness(theme.rank(i - 1, ranks))) << i;
    }
    EXPECT_GT(lightness(theme.rank(63, ranks)) - lightness(theme.rank(0, ranks)), 40);
}

TEST_P(Themes, TextIsReadable) {
    // WCAG 2.1, 1.4.3: a contrast of 4.5 to 1 for text.
    const auto luminance = [](Colour colour) {
        const Vector linear = linear_rgb(colour);
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    for (const Colour text : {theme.foreground, theme.muted, theme.error}) {
        const double a = luminance(text) + 0.05;
        const double b = luminance(theme.background) + 0.05;
        EXPECT_GE(std::max(a, b) / std::min(a, b), 4.5);
    }
}

INSTANTIATE_TEST_SUITE_P(All, Themes, testing::Values("light", "dark"));

TEST(ThemeNamed, RefusesOthers) {
    try {
        (void)theme_named("pink", "--theme");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::bad_input);
        EXPECT_STREQ(error.what(), "--theme: pink is not a theme; accepted: light, dark");
    }
}

}  // namespace
}  // namespace longscope
