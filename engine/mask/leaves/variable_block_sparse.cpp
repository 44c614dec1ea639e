// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include <algorithm>

#include "engine/base/random.h"
#include "engine/mask/leaves/block_rows.h"
#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

namespace {

// Beyond those of the rows.
constexpr std::uint64_t row_stream = std::uint64_t{1} << 40U;
constexpr std::uint64_t column_stream = row_stream + 1;

// Each block has the minimum, and what is left over is cut at random.
BlockEdges variable_edges(std::int64_t tokens, std::int64_t average, std::int64_t minimum, RandomStream random) {
    const std::int64_t blocks = std::max<std::int64_t>(1, tokens / average);
    if (blocks == 1) {
        return {0, tokens};
    }
    BlockEdges cuts;
    for (std::int64_t i = 1; i < blocks; ++i) {
        cuts.push_back(
            static_cast<std::int64_t>(random.next_below(static_cast<std::uint64_t>(tokens - blocks * minimum + 1))));
    }
    std::sort(cuts.begin(), cuts.end());
    BlockEdges edges{0};
    for (std::size_t i = 0; i < cuts.size(); ++i) {
        edges.push_back(cuts[i] + static_cast<std::int64_t>(i + 1) * minimum);
    }
    edges.push_back(tokens);
    return edges;
}

}  // namespace

std::shared_ptr<const MaskLeaf> parse_variable_block_sparse_leaf(JsonObject parameters) {
    const std::int64_t average = parameters.integer("average", 1, max_tokens);
    const std::int64_t minimum = parameters.integer("minimum", 1, average);
    const double kept = parameters.number("kept", 0, 1);
    const std::int64_t seed = parameters.integer("seed", 0, max_tokens);
    parameters.finish();
    const auto draw = [=](const MaskDomain& domain) {
        const auto bits = static_cast<std::uint64_t>(seed);
        return RandomBlocks{variable_edges(domain.query_tokens, average, minimum, RandomStream(bits, row_stream)),
                            variable_edges(domain.key_tokens, average, minimum, RandomStream(bits, column_stream)),
                            kept, bits};
    };
    return make_block_leaf({{"average", average}, {"minimum", minimum}, {"kept", kept}, {"seed", seed}},
                           {average, average, kept, draw});
}

}  // namespace longscope
