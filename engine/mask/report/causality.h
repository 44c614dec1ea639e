// SPDX-License-Identifier: GPL-3.0-or-later
// Whether queries see only what is not after them, aligned at the bottom right: k <= q + diagonal.
#pragma once

#include <cstdint>

#include "engine/mask/lazy_mask.h"
#include "engine/mask/striped_zone.h"

namespace longscope {

struct Causality {
    std::int64_t leaking_pairs = 0;  // with a key after the query
    // The leak of the first query that has one, with its first such key; -1 without any.
    std::int64_t first_query = -1;
    std::int64_t first_key = -1;

    [[nodiscard]] bool causal() const { return leaking_pairs == 0; }
};

// `set` is that of the mask; query i stands at key position i + diagonal.
[[nodiscard]] Causality causality(const ZoneSet& set, std::int64_t diagonal);

// Slab by slab.
[[nodiscard]] Causality causality(const LazyMask& mask);

// The pairs of a causal mask over so many queries and keys.
[[nodiscard]] std::int64_t causal_pairs(std::int64_t query_tokens, std::int64_t key_tokens);

}  // namespace longscope
