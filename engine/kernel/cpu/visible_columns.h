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
    // Of tiles of k_tile columns.
    VisibleColumns(const TileGeometry& geometry, std::int64_t k_tile);

    void find(const TilePlan& plan, std::int64_t tile);

    // k_tile bits a row (KeyTile::visible), and a pair of panels for each group (KeyTile::group_panels).
    [[nodiscard]] const std::uint64_t* bits() const { return bits_.data(); }
    [[nodiscard]] const std::int32_t* group_panels() const { return group_panels_.data(); }

  private:
    TileGeometry geometry_;
    std::int64_t k_tile_;
    std::vector<std::uint64_t> bits_;
    std::vector<std::int32_t> group_panels_;
};

}  // namespace longscope::cpu
