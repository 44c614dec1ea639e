// SPDX-License-Identifier: GPL-3.0-or-later
// The plans of consecutive tiles of rows, of each kind of mask that some heads have.
#pragma once

#include <set>
#include <span>
#include <vector>

#include "engine/base/thread_team.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/cpu/tile_plan.h"
#include "engine/mask/local_mask.h"

namespace longscope::cpu {

class KindPlans {
  public:
    // Of these kinds and rows; those before are forgotten.
    void plan(const LocalMask& mask, const std::set<std::int64_t>& kinds, Range rows, const TileGeometry& geometry,
              ThreadTeam& team);

    [[nodiscard]] const std::vector<TilePlan>& of(std::int64_t kind) const {
        return plans_[static_cast<std::size_t>(kind)];
    }
    // The plan that holds a row of the planned ones.
    [[nodiscard]] std::vector<TilePlan>::const_iterator at(std::int64_t kind, std::int64_t row) const;

    // The tiles of keys that some plan meets, ascending, of so many.
    [[nodiscard]] std::vector<std::int64_t> needed_tiles(std::int64_t tiles) const;

  private:
    std::vector<std::vector<TilePlan>> plans_;  // of each kind of the mask, of those that are planned
};

}  // namespace longscope::cpu
