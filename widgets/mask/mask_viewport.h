// SPDX-License-Identifier: GPL-3.0-or-later
// Which part of a matrix a view shows: queries down, keys right, the same number of tokens a pixel both ways. Plain
// coordinate maths, in the pixels of the plot from its top left corner.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/mask/zone.h"

namespace longscope {

struct TokenPosition {
    double query = 0;
    double key = 0;
};

class MaskViewport {
  public:
    // Fits the whole matrix when its size changes. At least one token each way.
    void set_matrix(std::int64_t query_tokens, std::int64_t key_tokens);
    // Of the plot; keeps what is at the top left corner, or shows the whole matrix as before.
    void set_size(double width, double height);

    [[nodiscard]] double width() const { return width_; }
    [[nodiscard]] double height() const { return height_; }
    [[nodiscard]] double tokens_per_pixel() const { return tokens_per_pixel_; }
    [[nodiscard]] double x_of(double key) const { return (key - key_) / tokens_per_pixel_; }
    [[nodiscard]] double y_of(double query) const { return (query - query_) / tokens_per_pixel_; }
    [[nodiscard]] TokenPosition at(double x, double y) const {
        return {query_ + y * tokens_per_pixel_, key_ + x * tokens_per_pixel_};
    }
    // The token pair under a point, or none outside of the matrix.
    [[nodiscard]] std::optional<std::pair<std::int64_t, std::int64_t>> pair_at(double x, double y) const;
    // The tokens in view, also those of which only a part is.
    [[nodiscard]] Box visible() const;
    [[nodiscard]] bool shows_all() const { return tokens_per_pixel_ >= coarsest(); }

    // factor < 1 shows more detail. The token under (x, y) stays there, as far as the matrix reaches.
    void zoom_at(double x, double y, double factor);
    // By so many pixels: positive moves the matrix right and down.
    void pan(double dx, double dy);
    void fit();
    // Shows the box whole, as large as it fits, with a margin.
    void focus(const Box& box);

  private:
    [[nodiscard]] double coarsest() const;
    void clamp();

    std::int64_t query_tokens_ = 1;
    std::int64_t key_tokens_ = 1;
    double width_ = 1;
    double height_ = 1;
    double query_ = 0;  // at the top left corner
    double key_ = 0;
    double tokens_per_pixel_ = 1;
};

}  // namespace longscope
