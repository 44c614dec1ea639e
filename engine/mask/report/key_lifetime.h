// SPDX-License-Identifier: GPL-3.0-or-later
// What a mask asks of a cache of keys and values while it is decoded, query by query: each key comes with the query
// that stands at it and has to stay as long as a later query sees it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/mask/lazy_mask.h"
#include "engine/mask/report/key_spans.h"
#include "engine/mask/striped_zone.h"

namespace longscope {

// A key that a query passes over and a later one sees.
struct KeyGap {
    std::int64_t key = 0;
    std::int64_t passed_by = 0;  // queries
    std::int64_t seen_by = 0;
    [[nodiscard]] bool operator==(const KeyGap&) const = default;
};

struct KeyLifetime {
    // The most keys that have come and that a later query sees; and after which query that is so first, -1: before the
    // first one, where keys were there before it.
    std::int64_t most_resident = 0;
    std::int64_t most_resident_after = -1;

    // Over all queries: the keys that have come and that it or a later query sees, and those of them that it sees.
    std::int64_t held_pairs = 0;
    std::int64_t seen_pairs = 0;
    // S2-Attention's condition: a key that was passed over is never seen again, and can be dropped.
    [[nodiscard]] bool kv_efficient() const { return held_pairs == seen_pairs; }
    std::optional<KeyGap> first_gap;  // of the first key that has one
    // The condition holds where the last so many keys are kept anyway; 0 where it holds as it is.
    std::int64_t local_needed = 0;
};

// `set` is that of the mask, tight. Throws Error(bad_input) where its strides make more spans than a mask may have
// zones.
[[nodiscard]] KeyLifetime key_lifetime(const ZoneSet& set, std::int64_t query_tokens, std::int64_t key_tokens);

// The same of a mask that makes its zones when it is asked, row by row where they differ; `mirror` is its mirror image.
// `leaking_pairs` are those with later keys, see causality.h.
[[nodiscard]] KeyLifetime key_lifetime(const LazyMask& mask, const Mask& mirror, std::int64_t leaking_pairs);

// Parts of both. Sets most_resident and most_resident_after; the spans are those of key_spans().
void find_most_resident(const std::vector<KeySpan>& spans, std::int64_t diagonal, KeyLifetime& lifetime);
// Of a key that has one; `queries` are those that see it, ascending.
[[nodiscard]] KeyGap gap_of(std::int64_t key, std::int64_t diagonal, const std::vector<Range>& queries);

}  // namespace longscope
