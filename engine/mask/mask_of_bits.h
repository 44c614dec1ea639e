// SPDX-License-Identifier: GPL-3.0-or-later
// Masks from the bits of their rows: which form they take.
#pragma once

#include <memory>
#include <string>

#include "engine/mask/bitmap_rows.h"
#include "engine/mask/mask.h"
#include "engine/mask/operator_mask.h"
#include "engine/mask/zone_tree.h"

namespace longscope {

// What a zone of a compiled mask takes, with its share of a slab: 75 to 93 were measured of a million.
inline constexpr std::int64_t bytes_a_zone = 96;

// Of so few it does not matter what they take; operators over them stay zones.
inline constexpr std::int64_t few_zones = 4096;

// The rule, for masks that could be either: they are bits where these take fewer bytes than the zones would, which are
// not few, and no more than max_bitmap_bits; zones otherwise. This is what the bits may take at most, beside so many
// zones.
[[nodiscard]] inline std::int64_t most_bytes_as_bits(std::int64_t zones) {
    return zones <= few_zones ? 0 : std::min(zones * bytes_a_zone, bitmap_bytes(max_bitmap_bits));
}

// In the form that the rule says. Throws Error(bad_input), naming `field`, where neither bits nor zones are few enough.
[[nodiscard]] std::unique_ptr<Mask> mask_of_bits(std::int64_t query_tokens, std::int64_t key_tokens,
                                                 const FillBits& fill, const std::string& field,
                                                 std::int64_t most_bits = max_bitmap_bits);

// What the bits of a mask, or of the masks of a tree, take; 0 where they are of other forms.
[[nodiscard]] std::int64_t bytes_of_bits(const Mask& mask);
[[nodiscard]] std::int64_t bytes_of_bits(const ZoneTree& tree);

// What an operator keeps, as bits, where its operands hold so many bytes of them. Null where they would be more than a
// mask may have, and where those of the operands are few beside the matrix, or none: it is then better evaluated
// lazily.
[[nodiscard]] std::unique_ptr<Mask> mask_of_bits(const MaskOperation& operation, const Box& matrix,
                                                 std::int64_t operand_bytes);

}  // namespace longscope
