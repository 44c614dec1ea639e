// SPDX-License-Identifier: GPL-3.0-or-later
// Masks that differ from head to head and from layer to layer: the mask of one head, and which heads have the same one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/mask/expression.h"
#include "engine/mask/head_masks.h"

namespace longscope {

// What the mask depends on beside the matrix, as far as the expression tells.
[[nodiscard]] HeadDependence head_dependence(const MaskExpression& expression);

// The mask of one head as an expression that does not depend on it. Throws Error(bad_input) that names head and layer
// where it has none.
[[nodiscard]] MaskExpression at_head(const MaskExpression& expression, std::int64_t head, std::int64_t layer,
                                     const std::string& path = "mask");

struct HeadGroup {
    MaskExpression expression;  // of each of them; does not depend on head and layer
    std::int64_t first_head = 0;
    std::int64_t first_layer = 0;
    std::int64_t count = 0;           // heads of all layers
    std::vector<HeadChoice> members;  // disjoint; written out
};

// Heads times layers that may be asked for at once.
inline constexpr std::int64_t max_grouped_heads = 65'536;

// The heads [0, heads) of the layers [0, layers) by the expression of their mask, in the order of the first of each:
// layers, in them heads. Throws Error(bad_input) where one has none.
[[nodiscard]] std::vector<HeadGroup> head_groups(const MaskExpression& expression, std::int64_t heads,
                                                 std::int64_t layers, const std::string& path = "mask");

// "heads 0-7 of layers 0-31; heads 0-3 of layer 32"
[[nodiscard]] std::string members_text(const HeadGroup& group);

// Why a run, of a layer that is not known, cannot take this mask; empty where it can.
[[nodiscard]] std::string layer_refusal(const MaskExpression& expression);

// The masks of the heads [0, heads) of the domain's layer; heads whose masks are of the same expression share one.
// Throws Error(bad_input) as compile_mask() does, and where a head has none.
[[nodiscard]] HeadMasks compile_head_masks(const MaskExpression& expression, const MaskDomain& domain,
                                           std::int64_t heads, const std::string& path = "mask");

}  // namespace longscope
