// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/leaves/block_rows.h"
#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_random_block_sparse_leaf(JsonObject parameters) {
    const std::int64_t q_block = parameters.integer("q_block", 1, max_tokens);
    const std::int64_t k_block = parameters.integer("k_block", 1, max_tokens);
    const double kept = parameters.number("kept", 0, 1);
    const std::int64_t seed = parameters.integer("seed", 0, max_tokens);
    parameters.finish();
    const auto draw = [=](const MaskDomain& domain) {
        return RandomBlocks{uniform_edges(domain.query_tokens, q_block), uniform_edges(domain.key_tokens, k_block),
                            kept, static_cast<std::uint64_t>(seed)};
    };
    return make_block_leaf({{"q_block", q_block}, {"k_block", k_block}, {"kept", kept}, {"seed", seed}},
                           {q_block, k_block, kept, draw});
}

}  // namespace longscope
