// SPDX-License-Identifier: GPL-3.0-or-later
// Balanced: the sequence is cut into many chunks of one length, and ranks get those whose exact areas under the mask
// add up to about the same (Zewei Tao and Yunpeng Huang 2025, "MagiAttention", dispatch of chunks).
#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/thread_team.h"
#include "engine/parallel/chunk_assignment.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/dispatch/chunk.h"

namespace longscope {

namespace {

// A multiple of the ranks: chunks of 128 tokens where that makes 4 to 32 a rank. More even out the work further, but
// cut the sequence into more pieces.
std::int64_t chunk_count(std::int64_t tokens, std::int64_t ranks) {
    return ranks * std::clamp<std::int64_t>(tokens / (ranks * 128), 4, 32);
}

std::vector<TokenSet> balanced(const DispatchInput& input, std::int64_t ranks, ChunkCounts counts) {
    if (input.masks == nullptr) {
        throw failed("a dispatch that balances the work was asked without a mask");
    }
    const HeadMasks& masks = *input.masks;
    const Range all{0, input.sequence.tokens};
    const std::int64_t chunks = chunk_count(input.sequence.tokens, ranks);
    const std::vector<std::int64_t> heads = masks.heads_of_kinds({0, input.query_heads});
    std::vector<std::int64_t> works(static_cast<std::size_t>(chunks), 0);
    ThreadTeam().for_each(chunks, [&](std::int64_t i) {
        for (std::int64_t kind = 0; kind < masks.kinds(); ++kind) {
            works[static_cast<std::size_t>(i)] +=
                heads[static_cast<std::size_t>(kind)] *
                masks.kind(kind).pairs_in({chunk(all, i, chunks), {0, masks.key_tokens()}});
        }
    });
    const std::vector<std::int64_t> rank_of = assign_chunks(works, ranks, counts);
    std::vector<std::vector<Range>> ranges(static_cast<std::size_t>(ranks));
    for (std::int64_t i = 0; i < chunks; ++i) {
        ranges[static_cast<std::size_t>(rank_of[static_cast<std::size_t>(i)])].push_back(chunk(all, i, chunks));
    }
    return {std::make_move_iterator(ranges.begin()), std::make_move_iterator(ranges.end())};
}

}  // namespace

std::int64_t balanced_padding(const PackedSequence& sequence, std::int64_t ranks) {
    return padding_to(chunk_count(sequence.tokens, ranks), sequence.tokens);
}

std::vector<TokenSet> balanced_tokens(const DispatchInput& input, std::int64_t ranks) {
    return balanced(input, ranks, ChunkCounts::equal);
}

std::vector<TokenSet> balanced_free_tokens(const DispatchInput& input, std::int64_t ranks) {
    return balanced(input, ranks, ChunkCounts::free);
}

}  // namespace longscope
