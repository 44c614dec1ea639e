// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/report/causality.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/mask/bitmap_mask.h"

namespace longscope {

namespace {

void add_leak(std::pair<std::int64_t, std::int64_t> first, std::int64_t leaking_pairs, Causality& found) {
    if (found.causal() || first < std::pair{found.first_query, found.first_key}) {
        std::tie(found.first_query, found.first_key) = first;
    }
    found.leaking_pairs += leaking_pairs;
}

// Of a part that has some.
std::pair<std::int64_t, std::int64_t> first_pair(const StripedZone& striped) {
    std::vector<Range> runs;
    for (std::int64_t query = striped.zone.q.begin;; ++query) {
        append_row_runs(striped, query, runs);
        if (!runs.empty()) {
            return {query, runs.front().begin};
        }
    }
}

// Row by row: its zones may be as many as its pairs.
Causality causality_of_bits(const BitmapMask& mask) {
    Causality found;
    std::vector<Range> runs;
    for (std::int64_t row = 0; row < mask.query_tokens(); ++row) {
        const Range beyond{row + mask.key_tokens() - mask.query_tokens() + 1, mask.key_tokens()};
        const std::int64_t leaking_pairs = mask.pairs_in({{row, row + 1}, beyond});
        if (leaking_pairs > 0 && found.causal()) {
            mask.row_runs(row, runs);
            const auto first =
                std::find_if(runs.begin(), runs.end(), [&](Range run) { return run.end > beyond.begin; });
            found.first_query = row;
            found.first_key = std::max(first->begin, beyond.begin);
        }
        found.leaking_pairs += leaking_pairs;
    }
    return found;
}

}  // namespace

Causality causality(const ZoneSet& set, std::int64_t diagonal) {
    Causality found;
    const auto beyond = [&](const Zone& zone) { return intersect(zone, {zone.q, zone.k, {diagonal + 1, max_tokens}}); };
    for (const Zone& zone : set.zones) {
        if (const Zone leak = beyond(zone); !leak.empty()) {
            add_leak({leak.q.begin, leak.row(leak.q.begin).begin}, pairs(leak), found);
        }
    }
    for (const StripedZone& striped : set.striped) {
        StripedZone leak = striped;
        leak.zone = beyond(striped.zone);
        if (const std::int64_t leaking_pairs = pairs(leak); leaking_pairs > 0) {
            add_leak(first_pair(leak), leaking_pairs, found);
        }
    }
    return found;
}

Causality causality(const LazyMask& mask) {
    if (const BitmapMask* bitmap = bitmap_of(mask)) {
        return causality_of_bits(*bitmap);
    }
    Causality all;
    ZoneSet set;
    for (std::int64_t i = 0; i < mask.slabs(); ++i) {
        mask.zones_in(mask.slab(i), set);
        const Causality found = causality(set, mask.key_tokens() - mask.query_tokens());
        if (all.causal()) {
            all.first_query = found.first_query;
            all.first_key = found.first_key;
        }
        all.leaking_pairs += found.leaking_pairs;
    }
    return all;
}

std::int64_t causal_pairs(std::int64_t query_tokens, std::int64_t key_tokens) {
    const std::int64_t diagonal = key_tokens - query_tokens;
    return pairs(Zone{{0, query_tokens}, {0, key_tokens}, {-max_tokens, diagonal + 1}});
}

}  // namespace longscope
