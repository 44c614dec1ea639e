// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/registry.h"
#include "engine/base/thread_team.h"
#include "engine/parallel/dispatch.h"

namespace longscope {

const std::vector<DispatchEntry>& dispatches() {
    static const std::vector<DispatchEntry> entries{
        {"contiguous", "rank r holds the r-th of N equal parts of the sequence", contiguous_tokens, nullptr,
         contiguous_padding},
        {"zigzag", "of 2N chunks of the sequence, rank r holds chunks r and 2N-1-r", zigzag_tokens, nullptr,
         zigzag_padding},
        {"per_document_zigzag", "zigzag inside every document, also where 2N does not divide its length",
         per_document_zigzag_tokens, nullptr, per_document_zigzag_padding},
        {"striped", "rank r holds every N-th token, beginning with token r", striped_tokens, nullptr,
         contiguous_padding},
        {"balanced", "chunks of one length, as many on every rank, chosen so that their areas under the mask are even",
         nullptr, balanced_tokens, balanced_padding},
        {"balanced_free", "the same, but a rank may hold any number of chunks: more even work, less even memory",
         nullptr, balanced_free_tokens, balanced_padding},
    };
    return entries;
}

const DispatchEntry& find_dispatch(std::string_view name) {
    return find_entry(dispatches(), name, "layout.dispatch", "a dispatch");
}

std::vector<TokenSet> dispatch_tokens(const DispatchEntry& dispatch, const DispatchInput& input, std::int64_t ranks) {
    if (dispatch.balanced != nullptr) {
        return dispatch.balanced(input, ranks);
    }
    std::vector<TokenSet> sets(static_cast<std::size_t>(ranks));
    ThreadTeam().for_each(ranks, [&](std::int64_t rank) {
        sets[static_cast<std::size_t>(rank)] = dispatch.tokens_of(input.sequence, ranks, rank);
    });
    return sets;
}

}  // namespace longscope
