// SPDX-License-Identifier: GPL-3.0-or-later
// A mask as a Python predicate of tensors q_idx and kv_idx, as FlexAttention's mask_mod is: of an expression where all
// of its leaves are known here, else of the ranges of keys of each query, in arrays.
#pragma once

#include <map>
#include <string>

#include "engine/mask/formats/mask_format.h"

namespace longscope {

struct PythonPredicate {
    std::string expression;                      // Python
    std::map<std::string, IntegerArray> arrays;  // that it names
};

// Throws Error(bad_input) where a query sees too many separate ranges of keys.
[[nodiscard]] PythonPredicate python_predicate(const Mask& mask, const FormatOptions& options);

}  // namespace longscope
