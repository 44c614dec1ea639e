// SPDX-License-Identifier: GPL-3.0-or-later
// Striped: rank r holds the tokens i with i mod N = r, so that causal work is even to within a row (Brandon et al.,
// "Striped attention", 2023).
#include "engine/parallel/dispatch.h"

namespace longscope {

TokenSet striped_tokens(const PackedSequence& sequence, std::int64_t ranks, std::int64_t rank) {
    return TokenSet::every(rank, ranks, sequence.tokens);
}

}  // namespace longscope
