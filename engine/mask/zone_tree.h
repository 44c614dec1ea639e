// SPDX-License-Identifier: GPL-3.0-or-later
// What leaves of a mask come down to: sets of zones under operators, and masks of other forms where zones would be too
// many.
#pragma once

#include <memory>
#include <vector>

#include "engine/mask/mask.h"
#include "engine/mask/placed_mask.h"
#include "engine/mask/striped_zone.h"
#include "engine/mask/zone.h"

namespace longscope {

struct ZoneTree {
    enum class Kind { zones, mask, all_of, any_of, complement };

    Kind kind = Kind::zones;
    ZoneList zones;                         // of an end; disjoint, none empty
    std::vector<ZoneTree> operands;         // of an operator; at least one, exactly one for complement
    std::vector<StripedZone> striped = {};  // of an end; disjoint with the zones too
    MaskPlace place = {};                   // of an end that is a mask

    [[nodiscard]] static ZoneTree of(std::shared_ptr<const Mask> mask) {
        return {Kind::mask, {}, {}, {}, MaskPlace::of(std::move(mask))};
    }
    // Whether every end is zones.
    [[nodiscard]] bool only_zones() const;
};

// The tree of the mirror image (q, k) -> (k, q).
[[nodiscard]] ZoneTree transposed(const ZoneTree& tree);

// The tree of (q + queries, k + keys).
[[nodiscard]] ZoneTree translated(ZoneTree tree, std::int64_t queries, std::int64_t keys);

// The zones cut to a box; "not" still lets in what lies outside of it.
[[nodiscard]] ZoneTree cut_to(const Box& box, ZoneTree tree);
// What the tree keeps in a box, and nothing else.
[[nodiscard]] ZoneTree kept_in(const Box& box, ZoneTree tree);

// The mask of the tree, whose zones lie in the matrix. Time and memory are proportional to the zones of the tree and of
// the result; where an end is a mask, to what they are made of, and operators are evaluated lazily.
[[nodiscard]] std::unique_ptr<Mask> compile_tree(const std::shared_ptr<const ZoneTree>& tree, std::int64_t query_tokens,
                                                 std::int64_t key_tokens);

// The pairs of the tree in a box that holds its zones, as zones in ascending order of their rows. Throws
// Error(bad_input) when they are more than a mask may have.
[[nodiscard]] ZoneList disjoint_zones(const ZoneTree& tree, const Box& box);

}  // namespace longscope
