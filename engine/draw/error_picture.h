// SPDX-License-Identifier: GPL-3.0-or-later
// Where an output departs from the reference: queries go down, heads go right, and each cell has the largest error of
// its rows on a logarithmic scale.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"

namespace longscope {

struct ErrorAt {
    std::int64_t column = 0;  // batch item x heads + head
    std::int64_t query = 0;
    double error = 0;  // relative; not finite counts as the largest
};

struct ErrorPictureOptions {
    Theme theme = light_theme();
    std::string title;
    std::string subtitle;
    double width = 1100;  // at least 480
    std::int64_t columns = 1;
    std::int64_t queries = 1;
    double limit = 1e-6;  // marked on the scale
};

// Cells without a compared row stay empty.
[[nodiscard]] DisplayList draw_errors(const std::vector<ErrorAt>& errors, const ErrorPictureOptions& options);

}  // namespace longscope
