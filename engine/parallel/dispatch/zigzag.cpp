// SPDX-License-Identifier: GPL-3.0-or-later
// Zigzag: of 2 N chunks, rank r holds chunks r and 2 N - 1 - r, one early and one late, so that causal work is even
// (Brandon et al., "Striped attention", 2023, discuss the imbalance; zigzag is the layout of ring-flash-attention).
#include "engine/parallel/dispatch.h"
#include "engine/parallel/dispatch/chunk.h"

namespace longscope {

namespace {

void append_zigzag(Range tokens, std::int64_t ranks, std::int64_t rank, std::vector<Range>& out) {
    out.push_back(chunk(tokens, rank, 2 * ranks));
    out.push_back(chunk(tokens, 2 * ranks - 1 - rank, 2 * ranks));
}

}  // namespace

TokenSet zigzag_tokens(const PackedSequence& sequence, std::int64_t ranks, std::int64_t rank) {
    std::vector<Range> ranges;
    append_zigzag({0, sequence.tokens}, ranks, rank, ranges);
    return TokenSet(std::move(ranges));
}

TokenSet per_document_zigzag_tokens(const PackedSequence& sequence, std::int64_t ranks, std::int64_t rank) {
    if (sequence.cu_seqlens.empty()) {
        return zigzag_tokens(sequence, ranks, rank);
    }
    std::vector<Range> ranges;
    ranges.reserve(2 * sequence.cu_seqlens.size());
    for (std::size_t i = 0; i + 1 < sequence.cu_seqlens.size(); ++i) {
        append_zigzag({sequence.cu_seqlens[i], sequence.cu_seqlens[i + 1]}, ranks, rank, ranges);
    }
    return TokenSet(std::move(ranges));
}

std::int64_t zigzag_padding(const PackedSequence& sequence, std::int64_t ranks) {
    return padding_to(2 * ranks, sequence.tokens);
}

std::int64_t per_document_zigzag_padding(const PackedSequence& sequence, std::int64_t ranks) {
    std::int64_t padding = sequence.cu_seqlens.empty() ? zigzag_padding(sequence, ranks) : 0;
    for (std::size_t i = 0; i + 1 < sequence.cu_seqlens.size(); ++i) {
        padding += padding_to(2 * ranks, sequence.cu_seqlens[i + 1] - sequence.cu_seqlens[i]);
    }
    return padding;
}

}  // namespace longscope
