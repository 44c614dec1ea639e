// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/picture_options.h"

#include <array>
#include <charconv>

#include "engine/base/error.h"
#include "engine/draw/cairo_painter.h"

namespace longscope {

namespace {

constexpr int min_width = 480;
constexpr int max_width = 8192;
constexpr int max_scale = 4;

// "q0:q1,k0:k1"; whether it lies in the mask is checked where it is drawn.
Box parse_region(std::string_view text) {
    std::array<std::int64_t, 4> values{};
    constexpr std::string_view separators = ":,:";
    const char* at = text.data();
    const char* const end = at + text.size();
    bool valid = true;
    for (std::size_t i = 0; i < values.size() && valid; ++i) {
        const auto [next, status] = std::from_chars(at, end, values.at(i));
        valid = status == std::errc();
        at = next;
        if (valid && i < separators.size()) {
            valid = at != end && *at == separators[i];
            ++at;
        }
    }
    if (!valid || at != end) {
        throw bad_input("--region", text, "is not a region", "q0:q1,k0:k1, four integers");
    }
    return {{values[0], values[1]}, {values[2], values[3]}};
}

}  // namespace

CLI::Option* declare_picture(CLI::App& verb, PictureOptions& options) {
    verb.add_option("--theme", options.theme, "light or dark")->type_name("NAME")->capture_default_str();
    verb.add_option("--width", options.width, "of the picture, in points")
        ->check(CLI::Range(min_width, max_width))
        ->capture_default_str();
    verb.add_option("--scale", options.scale, "pixels a point, of PNG files")
        ->check(CLI::Range(1, max_scale))
        ->capture_default_str();
    verb.add_option("--region", options.region, "the part to draw: queries q0 to q1, keys k0 to k1, ends excluded")
        ->type_name("q0:q1,k0:k1");
    return verb.add_option("-o,--output", options.output, "the picture: a name that ends in .png, .svg or .pdf")
        ->type_name("FILE");
}

MaskPictureOptions picture_options(const PictureOptions& options) {
    check_picture_extension(options.output, "--output");
    MaskPictureOptions picture;
    picture.theme = theme_named(options.theme, "--theme");
    picture.width = options.width;
    if (!options.region.empty()) {
        picture.region = parse_region(options.region);
    }
    return picture;
}

void paint_picture(const DisplayList& list, const PictureOptions& options) {
    paint(list, options.output, {static_cast<double>(options.scale)});
}

}  // namespace longscope
