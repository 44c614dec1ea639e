// SPDX-License-Identifier: GPL-3.0-or-later
// What the writers of pictures share of cairo: owned handles, and the painting of a display list on any surface.
#pragma once

#include <cairo.h>

#include <memory>
#include <string>

#include "engine/draw/display_list.h"

namespace longscope {

struct SurfaceDeleter {
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
using Surface = std::unique_ptr<cairo_surface_t, SurfaceDeleter>;

struct ContextDeleter {
    void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Context = std::unique_ptr<cairo_t, ContextDeleter>;

// Throws Error(failed) with cairo's own words.
void check(cairo_status_t status);

// An image of so many pixels a cell.
[[nodiscard]] Surface cell_image(const CellGrid& grid, std::int32_t cell_width = 1, std::int32_t cell_height = 1);

// The whole list, at `scale` pixels a point.
void paint_on(cairo_surface_t* surface, const DisplayList& list, double scale);

// The encoded PNG file of an image.
[[nodiscard]] std::string png_of(cairo_surface_t* surface);

// A cairo_write_func_t that appends to the std::string behind `closure`.
cairo_status_t append_to_string(void* closure, const unsigned char* data, unsigned int length);

}  // namespace longscope
