// SPDX-License-Identifier: GPL-3.0-or-later
// What a mask's canvas shows, alone or beside another mask, and what it says about a pair of it.
#pragma once

#include <QString>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/experiment/cost.h"
#include "engine/mask/mask_difference.h"
#include "engine/parallel/token_owners.h"

namespace longscope {

// Immutable. Here: in the mask that is shown. There: in the other.
struct ShownDifference {
    QString name;  // of the other
    std::shared_ptr<const Mask> other;
    std::shared_ptr<const MaskDifference> parts;  // "A" is here
    std::int64_t only_here = 0;                   // pairs
    std::int64_t only_there = 0;
    std::int64_t both = 0;
    std::vector<Box> regions = {};  // as difference_regions()
};

// Counts the pairs. Throws Error(bad_input) as mask_difference().
[[nodiscard]] ShownDifference difference_of(const Mask& mask, std::shared_ptr<const Mask> other, const QString& name);

// Immutable.
struct ShownMask {
    CompiledDraw draw;
    std::shared_ptr<const TokenOwners> owners;               // of draw.ranks
    std::shared_ptr<const ShownDifference> difference = {};  // null: there is no other mask

    // Ranks have the colours that differences have: one of the two is shown.
    [[nodiscard]] bool shows_ranks() const { return owners->ranks() > 1 && difference == nullptr; }
};

// With the owners of its tokens: those that are known, or found now. Not for the GUI thread.
[[nodiscard]] std::shared_ptr<const ShownMask> shown_mask(CompiledDraw draw,
                                                          std::shared_ptr<const TokenOwners> owners = nullptr);

// The same with the mask of another query head in the place of that of head 0.
[[nodiscard]] std::shared_ptr<const ShownMask> shown_head(const std::shared_ptr<const ShownMask>& shown,
                                                          std::int64_t head);

// "query 5, key 3: kept  |  tile 0, 0: partial  |  document 2  |  ranks 0, 1". Both in the matrix; of 128 x 128 tiles.
[[nodiscard]] QString pair_text(const ShownMask& shown, std::int64_t query, std::int64_t key);

}  // namespace longscope
