// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/leaves/branches.h"

#include <fmt/format.h>

#include <numeric>

#include "engine/base/error.h"
#include "engine/mask/leaves/leaf_support.h"
#include "engine/mask/leaves/slab_limit.h"

namespace longscope {

ZoneList fork_join_zones(const MaskDomain& domain, const ForkJoinStages& stages, bool branches_stay_seen,
                         const std::string& field) {
    std::int64_t total = 0;
    for (const std::vector<std::int64_t>& stage : stages) {
        total = std::accumulate(stage.begin(), stage.end(), total);
    }
    if (total > domain.key_tokens) {
        throw bad_input(field, fmt::format("{} tokens", total), "do not fit into the sequence",
                        fmt::format("lengths that sum to at most {}", domain.key_tokens));
    }
    ZoneList zones;
    std::int64_t begin = 0;
    const auto common = [&](std::int64_t end) {
        // By rows while everything before stays seen; by columns otherwise.
        zones.push_back(branches_stay_seen ? causal_at(domain, {begin, end}, {0, end})
                                           : causal_at(domain, {begin, domain.key_tokens}, {begin, end}));
        begin = end;
    };
    for (const std::vector<std::int64_t>& stage : stages) {
        if (stage.size() == 1) {
            common(begin + stage.front());
            continue;
        }
        const std::int64_t fork = begin;
        for (const std::int64_t length : stage) {
            const Range branch{begin, begin + length};
            zones.push_back(causal_at(domain, branch, branch));
            if (branches_stay_seen) {
                zones.push_back(box_at(domain, branch, {0, fork}));
            }
            begin += length;
        }
    }
    common(domain.key_tokens);
    check_slab_zones(zones, field);
    return zones;
}

}  // namespace longscope
