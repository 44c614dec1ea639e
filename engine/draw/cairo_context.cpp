// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/cairo_context.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/base/error.h"

namespace longscope {

namespace {

class ItemPainter {
  public:
    ItemPainter(cairo_t* context, double scale) : context_(context), scale_(scale) {}

    void operator()(const FilledRect& item) const {
        set_colour(item.colour);
        cairo_rectangle(context_, item.area.x, item.area.y, item.area.width, item.area.height);
        cairo_fill(context_);
    }

    void operator()(const Line& item) const {
        set_colour(item.colour);
        cairo_set_line_width(context_, item.width);
        const bool vertical = item.from.x == item.to.x;
        const bool horizontal = item.from.y == item.to.y;
        const double x_shift = vertical ? crisp_shift(item.from.x, item.width) : 0;
        const double y_shift = horizontal ? crisp_shift(item.from.y, item.width) : 0;
        cairo_move_to(context_, item.from.x + x_shift, item.from.y + y_shift);
        cairo_line_to(context_, item.to.x + x_shift, item.to.y + y_shift);
        cairo_stroke(context_);
    }

    void operator()(const Polyline& item) const {
        set_colour(item.colour);
        cairo_set_line_width(context_, item.width);
        for (const Point point : item.points) {
            cairo_line_to(context_, point.x, point.y);
        }
        if (item.filled) {
            cairo_fill(context_);
        } else {
            cairo_stroke(context_);
        }
    }

    void operator()(const Text& item) const {
        set_colour(item.colour);
        cairo_select_font_face(context_, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                               item.weight == Text::Weight::bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
        cairo_set_font_size(context_, item.size);
        cairo_text_extents_t extents{};
        cairo_text_extents(context_, item.text.c_str(), &extents);
        const double shift = item.anchor == Text::Anchor::start    ? 0
                             : item.anchor == Text::Anchor::middle ? -extents.x_advance / 2
                                                                   : -extents.x_advance;
        cairo_save(context_);
        cairo_translate(context_, item.at.x, item.at.y);
        cairo_rotate(context_, item.rotation_degrees * std::numbers::pi / 180.0);
        cairo_move_to(context_, shift, 0);
        cairo_show_text(context_, item.text.c_str());
        cairo_new_path(context_);  // showing text leaves a point from which a path would go on
        cairo_restore(context_);
    }

    void operator()(const CellGrid& item) const {
        const Surface image = cell_image(item);
        cairo_save(context_);
        cairo_rectangle(context_, item.area.x, item.area.y, item.area.width, item.area.height);
        cairo_clip(context_);
        cairo_translate(context_, item.area.x, item.area.y);
        cairo_scale(context_, item.area.width / item.columns, item.area.height / item.rows);
        cairo_set_source_surface(context_, image.get(), 0, 0);
        // Every pixel takes the cell that it lies in; nothing is blended.
        cairo_pattern_set_filter(cairo_get_source(context_), CAIRO_FILTER_NEAREST);
        cairo_paint(context_);
        cairo_restore(context_);
    }

  private:
    void set_colour(Colour colour) const {
        cairo_set_source_rgba(context_, colour.red / 255.0, colour.green / 255.0, colour.blue / 255.0,
                              colour.alpha / 255.0);
    }

    // Moves a line such that its edges fall on the edges of pixels.
    [[nodiscard]] double crisp_shift(double position, double width) const {
        const double pixels = std::max(1.0, std::round(width * scale_));
        const double edge = std::round(position * scale_);
        return (edge + pixels / 2) / scale_ - position;
    }

    cairo_t* context_;
    double scale_;
};

}  // namespace

void check(cairo_status_t status) {
    if (status != CAIRO_STATUS_SUCCESS) {
        throw Error(status == CAIRO_STATUS_NO_MEMORY ? ErrorKind::out_of_memory : ErrorKind::failed,
                    std::string("cannot draw the picture: ") + cairo_status_to_string(status));
    }
}

Surface cell_image(const CellGrid& grid, std::int32_t cell_width, std::int32_t cell_height) {
    Surface image(cairo_image_surface_create(CAIRO_FORMAT_RGB24, grid.columns * cell_width, grid.rows * cell_height));
    check(cairo_surface_status(image.get()));
    cairo_surface_flush(image.get());
    unsigned char* pixels = cairo_image_surface_get_data(image.get());
    const std::ptrdiff_t stride = cairo_image_surface_get_stride(image.get());
    for (std::int32_t row = 0; row < grid.rows; ++row) {
        unsigned char* first = pixels + static_cast<std::ptrdiff_t>(row) * cell_height * stride;
        auto* pixel = reinterpret_cast<std::uint32_t*>(first);
        for (std::int32_t column = 0; column < grid.columns; ++column) {
            const Colour colour = grid.colour_of(row, column);
            pixel = std::fill_n(pixel, cell_width,
                                static_cast<std::uint32_t>(colour.red) << 16U |
                                    static_cast<std::uint32_t>(colour.green) << 8U | colour.blue);
        }
        for (std::int32_t line = 1; line < cell_height; ++line) {
            std::copy_n(first, stride, first + line * stride);
        }
    }
    cairo_surface_mark_dirty(image.get());
    return image;
}

void paint_on(cairo_surface_t* surface, const DisplayList& list, double scale) {
    check(cairo_surface_status(surface));
    const Context context(cairo_create(surface));
    check(cairo_status(context.get()));
    cairo_scale(context.get(), scale, scale);
    // Advances that do not depend on the pixel grid: one layout at every scale.
    cairo_font_options_t* font = cairo_font_options_create();
    cairo_font_options_set_hint_metrics(font, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_hint_style(font, CAIRO_HINT_STYLE_SLIGHT);
    cairo_font_options_set_antialias(font, CAIRO_ANTIALIAS_GRAY);
    cairo_set_font_options(context.get(), font);
    cairo_font_options_destroy(font);

    const ItemPainter painter(context.get(), scale);
    painter(FilledRect{{0, 0, list.width, list.height}, list.background});
    for (const DisplayItem& item : list.items) {
        std::visit(painter, item);
    }
    check(cairo_status(context.get()));
    cairo_surface_flush(surface);
    check(cairo_surface_status(surface));
}

cairo_status_t append_to_string(void* closure, const unsigned char* data, unsigned int length) {
    try {
        static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), length);
    } catch (const std::bad_alloc&) {
        return CAIRO_STATUS_NO_MEMORY;  // no exception may cross cairo
    }
    return CAIRO_STATUS_SUCCESS;
}

std::string png_of(cairo_surface_t* surface) {
    std::string file;
    check(cairo_surface_write_to_png_stream(surface, append_to_string, &file));
    return file;
}

}  // namespace longscope
