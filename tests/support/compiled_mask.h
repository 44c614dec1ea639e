// SPDX-License-Identifier: GPL-3.0-or-later
// Masks from the text that a user would write.
#pragma once

#include <nlohmann/json.hpp>

#include <memory>
#include <string_view>

#include "engine/base/json.h"
#include "engine/mask/expression.h"

namespace longscope {

[[nodiscard]] inline std::unique_ptr<Mask> compiled_mask(std::string_view expression, const MaskDomain& domain) {
    return compile_mask(parse_mask(parse_json(expression, "test"), "mask"), domain);
}

}  // namespace longscope
