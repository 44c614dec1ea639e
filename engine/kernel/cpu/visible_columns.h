// SPDX-License-Identifier: GPL-3.0-or-later
// Which columns of a partial tile each row of a block sees, in the form in which tiles are computed. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/cpu/tile_plan.h"

namespace longscope::cpu {

class VisibleColumns {
  public:
    // Of tiles of at most q_tile rows and k_tile columns.
    VisibleColumns(const TileGeometry& geometry, std::int64_t q_tile, std::int64_t k_tile);

    void find(const TilePlan& plan, std::int64_t tile);

    // KeyTile::groups and KeyTile::visible; valid until the next call.
    [[nodiscard]] const GroupColumns* groups() const { return groups_.data(); }
    [[nodiscard]] const std::uint64_t* bits() const { return bits_.data(); }

  private:
    // Of rows of the plan's tile; sets their bits.
    GroupColumns find_group(const TilePlan& plan, Range rows, std::int64_t tile);

    TileGeometry geometry_;
    std::int64_t k_tile_;
    std::vector<std::uint64_t> bits_;
    std::vector<GroupColumns> groups_;
    // Words of the columns that some row of a group sees, and that every row sees.
    std::vector<std::uint64_t> any_;
    std::vector<std::uint64_t> all_;
};

}  // namespace longscope::cpu
