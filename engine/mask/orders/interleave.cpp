// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "engine/mask/leaves/leaf_support.h"
#include "engine/mask/token_order.h"

namespace longscope {

decltype(TokenOrder::over) parse_interleave_order(JsonObject parameters) {
    const std::int64_t stride = parameters.integer("stride", 1, Permutation::max_pieces);
    parameters.finish();
    return [stride](std::int64_t tokens, std::int64_t whole_tokens, const std::string& path) {
        check_at_most(path + ".stride", stride, 1, std::max<std::int64_t>(1, std::max(tokens, whole_tokens)));
        Permutation order;
        for (std::int64_t first = 0; first < std::min(stride, tokens); ++first) {
            order.append_steps(first, stride, ceil_divided(tokens - first, stride));
        }
        return order;
    };
}

}  // namespace longscope
