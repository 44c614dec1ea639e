// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/cairo_painter.h"

#include <cairo-pdf.h>
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/draw/cairo_context.h"
#include "engine/draw/svg_writer.h"

namespace longscope {

namespace {

// Of cairo's image surfaces.
constexpr double max_pixels_along_a_side = 32767;

std::string png_file(const DisplayList& list, const PaintOptions& options) {
    const double width = std::ceil(list.width * options.scale);
    const double height = std::ceil(list.height * options.scale);
    if (!(width >= 1 && height >= 1 && width <= max_pixels_along_a_side && height <= max_pixels_along_a_side)) {
        throw failed(fmt::format("a picture of {:.0f} x {:.0f} pixels cannot be made: at most {:.0f} along a side",
                                 width, height, max_pixels_along_a_side));
    }
    const Surface surface(
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width), static_cast<int>(height)));
    paint_on(surface.get(), list, options.scale);
    return png_of(surface.get());
}

std::string pdf_file(const DisplayList& list, const PaintOptions& /*options*/) {
    std::string file;
    const Surface surface(cairo_pdf_surface_create_for_stream(append_to_string, &file, list.width, list.height));
    check(cairo_surface_status(surface.get()));
    cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_TITLE, list.title.c_str());
    paint_on(surface.get(), list, 1);
    cairo_surface_finish(surface.get());
    check(cairo_surface_status(surface.get()));
    return file;
}

std::string svg_file(const DisplayList& list, const PaintOptions& /*options*/) {
    return svg_of(list);
}

struct Format {
    std::string_view extension;
    std::string (*encode)(const DisplayList& list, const PaintOptions& options);
};

constexpr std::array<Format, 3> formats{{{".png", png_file}, {".svg", svg_file}, {".pdf", pdf_file}}};

const Format& format_of(const std::filesystem::path& path, std::string_view field) {
    for (const Format& format : formats) {
        if (path.extension() == format.extension) {
            return format;
        }
    }
    throw bad_input(field, path.string(), "is not the name of a picture", "a name that ends in .png, .svg or .pdf");
}

}  // namespace

void paint(const DisplayList& list, const std::filesystem::path& path, const PaintOptions& options) {
    const Format& format = format_of(path, "picture");
    write_file_atomically(path, format.encode(list, options));
}

void check_picture_extension(const std::filesystem::path& path, std::string_view field) {
    (void)format_of(path, field);
}

}  // namespace longscope
