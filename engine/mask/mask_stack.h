// SPDX-License-Identifier: GPL-3.0-or-later
// A mask expression as a stack of layers, as people compose it: each layer is joined to all above it by "and" or "or".
// Every expression is such a stack: what does not fit into one row stays whole inside a layer.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.h"

namespace longscope {

struct MaskLayer {
    enum class Join { all_of, any_of };  // "and", "or": with what is above; of no meaning in the first layer

    Join join = Join::all_of;
    bool complement = false;  // "not"
    bool visible = true;      // otherwise it is left out of the expression
    std::string expression;   // as JSON: a leaf, or an operator with its operands

    [[nodiscard]] bool operator==(const MaskLayer&) const = default;
};

using MaskStack = std::vector<MaskLayer>;

// The layers of an expression in the form of a document. Anything else than one field in an object becomes one layer as
// it is.
[[nodiscard]] MaskStack to_stack(const Json& expression);

// The same mask as the stack's visible layers; {"full": {}} when there is none. Throws Error(bad_input) for a layer
// whose text is not JSON.
[[nodiscard]] Json to_expression(const MaskStack& stack);

}  // namespace longscope
