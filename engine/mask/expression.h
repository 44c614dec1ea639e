// SPDX-License-Identifier: GPL-3.0-or-later
// Masks as expressions: leaves under "and", "or", "not", "minus" and changes. In a document an expression is an object
// with one field:
//     {"and": [{"causal": {}}, {"documents": {}}]}
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/mask/change.h"
#include "engine/mask/head_choice.h"
#include "engine/mask/leaf.h"
#include "engine/mask/mask.h"

namespace longscope {

struct MaskExpression {
    enum class Kind { leaf, all_of, any_of, complement, difference, change, per_heads };

    Kind kind = Kind::leaf;
    std::string leaf_name;                 // of a leaf
    std::shared_ptr<const MaskLeaf> leaf;  // of a leaf; immutable, shared between copies
    std::vector<MaskExpression> operands;  // of an operator; at least one, exactly one for complement and change
    std::string change_name = {};          // of a change
    std::shared_ptr<const MaskChange> change = {};  // of a change; immutable, shared between copies
    // Of per_heads: for which heads each operand is, the first that fits. One operand more is that of all others.
    std::vector<HeadChoice> choices = {};
};

// Throws Error(bad_input) that names the field under `path`.
[[nodiscard]] MaskExpression parse_mask(const Json& value, const std::string& path);

[[nodiscard]] Json to_json(const MaskExpression& expression);

// "causal and documents", "causal and (window(left 1024, right 0) or sink(tokens 4))"
[[nodiscard]] std::string to_text(const MaskExpression& expression);

// Of per_heads: the index of the operand for a head. Throws Error(bad_input) that names head and layer where there is
// none.
[[nodiscard]] std::size_t operand_at(const MaskExpression& per_heads, std::int64_t head, std::int64_t layer,
                                     const std::string& path);
// "assignments[0].mask" or "otherwise"
[[nodiscard]] std::string operand_field(const MaskExpression& per_heads, std::size_t index);

// The lists of zones under operators that an expression comes down to. Throws Error(bad_input).
[[nodiscard]] ZoneTree zone_tree(const MaskExpression& expression, const MaskDomain& domain, const std::string& path);

// Whether compile_mask() would do: throws Error(bad_input) where it cannot, soon.
void check_mask(const MaskExpression& expression, const MaskDomain& domain, const std::string& path = "mask");

// The exact mask of the expression over a domain. Time and memory are proportional to the zones of the leaves and of
// the result. `path` names the expression in messages.
[[nodiscard]] std::unique_ptr<Mask> compile_mask(const MaskExpression& expression, const MaskDomain& domain,
                                                 const std::string& path = "mask");

}  // namespace longscope
