// SPDX-License-Identifier: GPL-3.0-or-later
// Dispatch: which tokens of the packed sequence each rank holds. Exact for every length, without padding. To add one: a
// function in its own file, one line in dispatch_registry.cpp, one test line, one doc line.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/mask/head_masks.h"
#include "engine/mask/token_set.h"

namespace longscope {

struct PackedSequence {
    std::int64_t tokens = 0;
    std::vector<std::int64_t> cu_seqlens;  // [0, ..., tokens]; empty: one document
};

// What dispatches look at.
struct DispatchInput {
    PackedSequence sequence;
    // Of so many query heads. May be missing where the dispatch does not balance the work.
    const HeadMasks* masks = nullptr;
    std::int64_t query_heads = 1;
};

struct DispatchEntry {
    std::string_view name;
    std::string_view meaning;
    // The tokens of one rank; those of all ranks are disjoint and make up the sequence. Null where they follow from
    // the work of all ranks.
    TokenSet (*tokens_of)(const PackedSequence& sequence, std::int64_t ranks, std::int64_t rank);
    // Those of every rank, from masks that are there. Null where tokens_of() tells.
    std::vector<TokenSet> (*balanced)(const DispatchInput& input, std::int64_t ranks) = nullptr;
    // Tokens that implementations pad to with this dispatch, which cut evenly, beyond those that there are.
    std::int64_t (*padding)(const PackedSequence& sequence, std::int64_t ranks);

    [[nodiscard]] bool reads_masks() const { return balanced != nullptr; }
};

// The registry, in the order of help and documentation.
[[nodiscard]] const std::vector<DispatchEntry>& dispatches();

// Throws Error(bad_input) that lists the names.
[[nodiscard]] const DispatchEntry& find_dispatch(std::string_view name);

// The token sets of all ranks.
[[nodiscard]] std::vector<TokenSet> dispatch_tokens(const DispatchEntry& dispatch, const DispatchInput& input,
                                                    std::int64_t ranks);

[[nodiscard]] TokenSet contiguous_tokens(const PackedSequence& sequence, std::int64_t ranks, std::int64_t rank);
[[nodiscard]] TokenSet zigzag_tokens(const PackedSequence& sequence, std::int64_t ranks, std::int64_t rank);
[[nodiscard]] TokenSet striped_tokens(const PackedSequence& sequence, std::int64_t ranks, std::int64_t rank);
[[nodiscard]] TokenSet per_document_zigzag_tokens(const PackedSequence& sequence, std::int64_t ranks,
                                                  std::int64_t rank);
[[nodiscard]] std::vector<TokenSet> balanced_tokens(const DispatchInput& input, std::int64_t ranks);
[[nodiscard]] std::vector<TokenSet> balanced_free_tokens(const DispatchInput& input, std::int64_t ranks);

[[nodiscard]] std::int64_t contiguous_padding(const PackedSequence& sequence, std::int64_t ranks);  // striped as well
[[nodiscard]] std::int64_t zigzag_padding(const PackedSequence& sequence, std::int64_t ranks);
[[nodiscard]] std::int64_t per_document_zigzag_padding(const PackedSequence& sequence, std::int64_t ranks);
[[nodiscard]] std::int64_t balanced_padding(const PackedSequence& sequence, std::int64_t ranks);

}  // namespace longscope
