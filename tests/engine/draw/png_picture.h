// SPDX-License-Identifier: GPL-3.0-or-later
// The pixels of a PNG file.
#pragma once

#include <cairo.h>

#include <cstdint>
#include <filesystem>

#include "engine/draw/cairo_context.h"
#include "engine/draw/display_list.h"

namespace longscope {

class Picture {
  public:
    explicit Picture(const std::filesystem::path& path) : surface_(cairo_image_surface_create_from_png(path.c_str())) {
        check(cairo_surface_status(surface_.get()));
    }
    [[nodiscard]] int width() const { return cairo_image_surface_get_width(surface_.get()); }
    [[nodiscard]] int height() const { return cairo_image_surface_get_height(surface_.get()); }
    [[nodiscard]] Colour at(int x, int y) const {
        const unsigned char* line = cairo_image_surface_get_data(surface_.get()) +
                                    static_cast<std::ptrdiff_t>(y) * cairo_image_surface_get_stride(surface_.get());
        const std::uint32_t pixel = reinterpret_cast<const std::uint32_t*>(line)[x];
        return {static_cast<std::uint8_t>(pixel >> 16U), static_cast<std::uint8_t>(pixel >> 8U),
                static_cast<std::uint8_t>(pixel)};
    }

  private:
    Surface surface_;
};

}  // namespace longscope
