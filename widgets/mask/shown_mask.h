// SPDX-License-Identifier: GPL-3.0-or-later
// What a mask's canvas shows, and what it says about a pair of it.
#pragma once

#include <QString>
#include <cstdint>

#include "engine/experiment/cost.h"
#include "engine/parallel/token_owners.h"

namespace longscope {

// Immutable.
struct ShownMask {
    CompiledDraw draw;
    TokenOwners owners;
};

// "query 5, key 3: kept  |  tile 0, 0: partial  |  document 2  |  ranks 0, 1". Both in the matrix; of 128 x 128 tiles.
[[nodiscard]] QString pair_text(const ShownMask& shown, std::int64_t query, std::int64_t key);

}  // namespace longscope
