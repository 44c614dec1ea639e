// SPDX-License-Identifier: GPL-3.0-or-later
// How long each key is needed: the last query that sees it, as a function of the key that is piecewise constant or
// moves along with it. In time n log n in the zones of the mask.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/striped_zone.h"

namespace longscope {

struct KeySpan {
    Range keys;
    bool moves = false;     // the last position is key + last, otherwise last
    std::int64_t last = 0;  // among the keys: the query's row + the diagonal
    [[nodiscard]] bool operator==(const KeySpan&) const = default;
};

// Ascending and disjoint; keys that no query sees are in none. `set` is that of the mask, tight. Throws
// Error(bad_input) where its strides make more spans than a mask may have zones.
[[nodiscard]] std::vector<KeySpan> key_spans(const ZoneSet& set, std::int64_t diagonal);

// The pairs of each key of the span with all queries from its own, or `local` tokens after it, to the last that sees
// it. May be empty.
[[nodiscard]] Zone held_zone(const KeySpan& span, std::int64_t query_tokens, std::int64_t diagonal,
                             std::int64_t local = 0);

}  // namespace longscope
