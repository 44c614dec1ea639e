// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/report/document_pairs.h"

namespace longscope {

std::vector<DocumentPairs> document_pairs(const Mask& mask, const std::vector<std::int64_t>& cu_seqlens) {
    if (cu_seqlens.size() < 2) {
        return {{{0, mask.query_tokens()}, mask.pairs(), mask.pairs()}};
    }
    std::vector<DocumentPairs> documents;
    documents.reserve(cu_seqlens.size() - 1);
    for (std::size_t i = 0; i + 1 < cu_seqlens.size(); ++i) {
        const Range tokens{cu_seqlens[i], cu_seqlens[i + 1]};
        if (!tokens.empty()) {
            documents.push_back(
                {tokens, mask.pairs_in({tokens, {0, mask.key_tokens()}}), mask.pairs_in({tokens, tokens})});
        }
    }
    return documents;
}

}  // namespace longscope
