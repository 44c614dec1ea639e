// SPDX-License-Identifier: GPL-3.0-or-later
// What ranks hold in memory as a picture: one rank's inputs and buffers, stacked, over the steps; the sums of the other
// ranks as lines; below it the peak of each rank as a bar.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"
#include "engine/parallel/memory_profile.h"

namespace longscope {

struct MemoryPictureOptions {
    Theme theme = light_theme();
    // As in SheetPictureOptions.
    std::string title;
    std::string caption;
    double width = 1100;
    double height = 640;
    std::int64_t rank = 0;          // whose parts are shown
    std::int64_t budget_bytes = 0;  // of each rank; 0: none is set
    std::int32_t steps = 1;
    std::optional<std::int32_t> backward_from;
};

// Where things stand in the picture.
struct MemoryChart {
    Rect plot;
    Rect bars;  // of the ranks
    double steps = 1;
    std::int64_t top_bytes = 1;  // at the top of the plot
    std::int64_t ranks = 1;

    [[nodiscard]] std::optional<double> time_at(Point point) const;        // in the plot
    [[nodiscard]] std::optional<std::int64_t> rank_at(Point point) const;  // in the bars
};

// The first of those that need most.
[[nodiscard]] std::int64_t neediest_rank(const std::vector<MemoryProfile>& ranks);

// `ranks` are not empty.
[[nodiscard]] MemoryChart memory_chart(const std::vector<MemoryProfile>& ranks, const MemoryPictureOptions& options);
[[nodiscard]] DisplayList draw_memory(const std::vector<MemoryProfile>& ranks, const MemoryPictureOptions& options);

}  // namespace longscope
