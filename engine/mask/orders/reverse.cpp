// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/token_order.h"

namespace longscope {

decltype(TokenOrder::over) parse_reverse_order(JsonObject parameters) {
    parameters.finish();
    return [](std::int64_t tokens, std::int64_t /*whole_tokens*/, const std::string& /*path*/) {
        Permutation order;
        order.append_steps(tokens - 1, -1, tokens);
        return order;
    };
}

}  // namespace longscope
