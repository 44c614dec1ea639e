// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/mask/leaves/leaf_support.h"
#include "engine/mask/token_order.h"

namespace longscope {

decltype(TokenOrder::over) parse_list_order(JsonObject parameters) {
    const std::vector<std::int64_t> list = checked_integers(parameters, "tokens", 0, max_list_entries - 1, 1);
    parameters.finish();
    const std::string accepted = fmt::format("each of the tokens 0 to {} once, as many as are listed", list.size() - 1);
    std::vector<bool> seen(list.size(), false);
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto token = static_cast<std::size_t>(list[i]);
        const bool beyond = token >= list.size();
        if (beyond || seen[token]) {
            throw bad_input(fmt::format("{}[{}]", parameters.path_of("tokens"), i), std::to_string(list[i]),
                            beyond ? "is no token of the list" : "stands in the list twice", accepted);
        }
        seen[token] = true;
    }
    return [list](std::int64_t tokens, std::int64_t /*whole_tokens*/, const std::string& path) {
        if (static_cast<std::int64_t>(list.size()) != tokens) {
            throw bad_input(path + ".tokens", fmt::format("a list of {} tokens", list.size()),
                            fmt::format("does not order {} tokens", tokens), fmt::format("{} tokens", tokens));
        }
        return Permutation(list);
    };
}

}  // namespace longscope
