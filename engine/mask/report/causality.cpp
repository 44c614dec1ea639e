// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/report/causality.h"

#include <tuple>
#include <utility>

namespace longscope {

Causality causality(const ZoneList& zones, std::int64_t diagonal) {
    Causality found;
    for (const Zone& zone : zones) {
        const Zone leak = intersect(zone, {zone.q, zone.k, {diagonal + 1, max_tokens}});
        if (leak.empty()) {
            continue;
        }
        const std::pair first{leak.q.begin, leak.row(leak.q.begin).begin};
        if (found.causal() || first < std::pair{found.first_query, found.first_key}) {
            std::tie(found.first_query, found.first_key) = first;
        }
        found.leaking_pairs += pairs(leak);
    }
    return found;
}

std::int64_t causal_pairs(std::int64_t query_tokens, std::int64_t key_tokens) {
    const std::int64_t diagonal = key_tokens - query_tokens;
    return pairs(Zone{{0, query_tokens}, {0, key_tokens}, {-max_tokens, diagonal + 1}});
}

}  // namespace longscope
