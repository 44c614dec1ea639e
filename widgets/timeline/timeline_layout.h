// SPDX-License-Identifier: GPL-3.0-or-later
// Where the rows of a timeline stand: as high as there is room for, but never too low to be hit; where that is more
// than there is room for, they scroll. Points, from the top of the rows.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "widgets/timeline/timeline_rows.h"

namespace longscope {

struct RowArea {
    double top = 0;
    double height = 0;
    [[nodiscard]] double bottom() const { return top + height; }
};

// The rows of one rank, with the gap to the next.
struct RankArea {
    std::int32_t rank = 0;
    std::size_t first_row = 0;
    std::size_t end_row = 0;  // one past the last
    double top = 0;
    double height = 0;
};

struct TimelineLayout {
    std::vector<RowArea> rows;
    std::vector<RankArea> ranks;
    double height = 0;           // of all rows
    bool names_streams = false;  // rows are high enough for a name each

    // A row, or the one nearest within its rank; absent below all of them.
    [[nodiscard]] std::optional<std::size_t> row_at(double y) const;
};

[[nodiscard]] TimelineLayout lay_out(const std::vector<TimelineRow>& rows, double height);

}  // namespace longscope
