// SPDX-License-Identifier: GPL-3.0-or-later
// Dispatch: which tokens of the packed sequence each rank holds. Exact for every length, without padding. To add one: a
// function in its own file, one line in dispatch_registry.cpp, one test line, one doc line.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/mask/token_set.h"

namespace longscope {

// What dispatches look at.
struct PackedSequence {
    std::int64_t tokens = 0;
    std::vector<std::int64_t> cu_seqlens;  // [0, ..., tokens]; empty: one document
};

struct DispatchEntry {
    std::string_view name;
    std::string_view meaning;
    // The tokens of one rank; those of all ranks are disjoint and make up the sequence.
    TokenSet (*tokens_of)(const PackedSequence& sequence, std::int64_t ranks, std::int64_t rank);
};

// The registry, in the order of help and documentation.
[[nodiscard]] const std::vector<DispatchEntry>& dispatches();

// Throws Error(bad_input) that lists the names.
[[nodiscard]] const DispatchEntry& find_dispatch(std::string_view name);

// The token sets of all ranks.
[[nodiscard]] std::vector<TokenSet> dispatch_tokens(const DispatchEntry& dispatch, const PackedSequence& sequence,
                                                    std::int64_t ranks);

[[nodiscard]] TokenSet contiguous_tokens(const PackedSequence& sequence, std::int64_t ranks, std::int64_t rank);
[[nodiscard]] TokenSet zigzag_tokens(const PackedSequence& sequence, std::int64_t ranks, std::int64_t rank);
[[nodiscard]] TokenSet striped_tokens(const PackedSequence& sequence, std::int64_t ranks, std::int64_t rank);
[[nodiscard]] TokenSet per_document_zigzag_tokens(const PackedSequence& sequence, std::int64_t ranks,
                                                  std::int64_t rank);

}  // namespace longscope
