// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/plan_text.h"

#include <nlohmann/json.hpp>

#include "engine/base/version.h"

namespace longscope {

std::string plan_text(const AttentionShape& shape, const Json& mask, const PackedSequence& sequence, const Json& layout,
                      const std::vector<TokenSet>& tokens, std::uint64_t input_seed, Pass pass) {
    Json token_counts = Json::array();
    for (const TokenSet& set : tokens) {
        token_counts.push_back(set.size());
    }
    const Json plan{{"version", version_text()},
                    {"revision", revision_text()},
                    {"batch", shape.batch},
                    {"query_heads", shape.query_heads},
                    {"key_value_heads", shape.key_value_heads},
                    {"head_dim_qk", shape.head_dim_qk},
                    {"head_dim_v", shape.head_dim_v},
                    {"dtype", to_string(shape.dtype)},
                    {"mask", mask},
                    {"tokens", sequence.tokens},
                    {"cu_seqlens", sequence.cu_seqlens},
                    {"pass", to_string(pass)},
                    {"layout", layout},
                    {"tokens_per_rank", std::move(token_counts)},
                    {"input_seed", input_seed}};
    return plan.dump();
}

}  // namespace longscope
