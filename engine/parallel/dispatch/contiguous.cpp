// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/dispatch.h"
#include "engine/parallel/dispatch/chunk.h"

namespace longscope {

TokenSet contiguous_tokens(const PackedSequence& sequence, std::int64_t ranks, std::int64_t rank) {
    return TokenSet({chunk({0, sequence.tokens}, rank, ranks)});
}

std::int64_t contiguous_padding(const PackedSequence& sequence, std::int64_t ranks) {
    return padding_to(ranks, sequence.tokens);
}

}  // namespace longscope
