// SPDX-License-Identifier: GPL-3.0-or-later
// Zones out of rows: runs that stay where they are from row to row become a box, runs that move on with the rows a
// band.
#pragma once

#include <vector>

#include "engine/mask/zone.h"

namespace longscope {

class RowMerger {
  public:
    // Rows in steps of `unit` rows: row r stands for [r * unit, (r + 1) * unit), and its runs are multiplied likewise.
    explicit RowMerger(std::int64_t unit) : unit_(unit) {}

    // The next row. Runs that have the same place in the list are merged.
    void add_row(const std::vector<Range>& runs);
    // All zones, tight, in the order of their first rows.
    [[nodiscard]] ZoneList finish();

  private:
    struct Open {
        std::int64_t row = 0;
        Range first;
        Range last;
    };
    void close(const Open& open);

    std::int64_t unit_;
    std::int64_t row_ = 0;
    std::vector<Open> open_;
    ZoneList zones_;
};

}  // namespace longscope
