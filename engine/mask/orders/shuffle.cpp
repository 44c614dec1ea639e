// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/random.h"
#include "engine/base/units.h"
#include "engine/mask/leaves/leaf_support.h"
#include "engine/mask/token_order.h"

namespace longscope {

decltype(TokenOrder::over) parse_shuffle_order(JsonObject parameters) {
    const std::int64_t block = parameters.integer("block", 1, max_tokens);
    const std::int64_t seed = parameters.integer("seed", 0, max_tokens);
    parameters.finish();
    return [=](std::int64_t tokens, std::int64_t /*whole_tokens*/, const std::string& path) {
        const std::int64_t blocks = ceil_divided(tokens, block);
        if (blocks > Permutation::max_pieces) {
            throw bad_input(path + ".block", std::to_string(block),
                            fmt::format("makes {} blocks", format_count(blocks)),
                            fmt::format("at most {} blocks", format_count(Permutation::max_pieces)));
        }
        std::vector<std::int64_t> places(static_cast<std::size_t>(blocks));
        std::iota(places.begin(), places.end(), std::int64_t{0});
        RandomStream random(static_cast<std::uint64_t>(seed), 0);
        for (std::size_t left = places.size(); left > 1; --left) {
            std::swap(places[left - 1], places[static_cast<std::size_t>(random.next_below(left))]);
        }
        Permutation order;
        for (const std::int64_t place : places) {
            order.append_run(place * block, std::min(block, tokens - place * block));
        }
        return order;
    };
}

}  // namespace longscope
