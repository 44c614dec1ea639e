// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/display_list.h"

#include <algorithm>
#include <cmath>

namespace longscope {

namespace {

// The share of its class's colour that the faintest cell of a class shows.
constexpr double faintest_class_share = 0.3;

// In parts of the font size.
double character_width(char c) {
    constexpr std::string_view narrow = " !'(),./:;I[]fijlt|";
    constexpr std::string_view wide = "%@MWmw<=>+";
    if ((static_cast<unsigned char>(c) & 0xC0U) == 0x80U) {
        return 0;  // continues a character
    }
    if (narrow.find(c) != std::string_view::npos) {
        return 0.38;
    }
    if (wide.find(c) != std::string_view::npos) {
        return 0.95;
    }
    return c >= 'A' && c <= 'Z' ? 0.74 : 0.63;
}

}  // namespace

Colour mix(Colour a, Colour b, double share) {
    const auto channel = [share](std::uint8_t from, std::uint8_t to) {
        return static_cast<std::uint8_t>(std::lround(from + (static_cast<double>(to) - from) * share));
    };
    return {channel(a.red, b.red), channel(a.green, b.green), channel(a.blue, b.blue), channel(a.alpha, b.alpha)};
}

Colour CellGrid::colour_of(std::int32_t row, std::int32_t column) const {
    const auto index =
        static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) + static_cast<std::size_t>(column);
    const double value = std::clamp(static_cast<double>(values[index]), 0.0, 1.0);
    if (value == 0.0) {
        return ramp.front();
    }
    if (!classes.empty() && classes[index] != 0) {
        return mix(ramp.front(), class_colours[classes[index] - 1U],
                   faintest_class_share + (1.0 - faintest_class_share) * value);
    }
    if (ramp.size() < 3) {
        return ramp.back();
    }
    const double place = 1.0 + value * static_cast<double>(ramp.size() - 2);
    const auto below = std::min(static_cast<std::size_t>(place), ramp.size() - 2);
    return mix(ramp[below], ramp[below + 1], place - static_cast<double>(below));
}

double estimated_text_width(std::string_view text, double size, Text::Weight weight) {
    double width = 0;
    for (const char c : text) {
        width += character_width(c);
    }
    return width * size * (weight == Text::Weight::bold ? 1.1 : 1.0);
}

std::string fitted_text(std::string_view text, double size, double width, Text::Weight weight) {
    if (estimated_text_width(text, size, weight) <= width) {
        return std::string(text);
    }
    const double room = width - estimated_text_width("...", size, weight);
    double used = 0;
    std::size_t length = 0;
    for (; length < text.size(); ++length) {
        used += estimated_text_width(text.substr(length, 1), size, weight);
        if (used > room) {
            break;
        }
    }
    // Do not cut inside a character.
    while (length > 0 && length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) {
        --length;
    }
    return std::string(text.substr(0, length)) + "...";
}

}  // namespace longscope
