// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

namespace {

struct Workers {
    std::int64_t count;
    std::int64_t tokens;  // of each
};

ZoneList worker_zones(const MaskDomain& domain, std::int64_t prefix, Workers workers, const std::string& path) {
    check_zone_count(workers.count * workers.count + 3, path);
    const std::int64_t end = prefix + workers.count * workers.tokens;
    ZoneList zones{causal_at(domain, {0, prefix}, {0, prefix}), box_at(domain, {prefix, end}, {0, prefix})};
    const auto block = [&](std::int64_t worker) {
        return Range{prefix + worker * workers.tokens, prefix + (worker + 1) * workers.tokens};
    };
    for (std::int64_t of_query = 0; of_query < workers.count; ++of_query) {
        for (std::int64_t of_key = 0; of_key < workers.count; ++of_key) {
            // As many tokens into the block of the key as the query is into its own: k - q is this.
            const std::int64_t same_step = (of_key - of_query) * workers.tokens;
            zones.push_back(zone_at(domain, block(of_query), block(of_key),
                                    {-2 * max_tokens, same_step + (of_key == of_query ? 1 : 0)}));
        }
    }
    zones.push_back(causal_at(domain, {end, domain.key_tokens}, {0, domain.key_tokens}));
    return zones;
}

}  // namespace

std::shared_ptr<const MaskLeaf> parse_worker_blocks_leaf(JsonObject parameters) {
    const std::int64_t prefix = parameters.integer("prefix", 0, max_tokens);
    const std::int64_t workers = parameters.integer("workers", 1, max_tokens);
    const std::int64_t tokens = parameters.integer("tokens", 1, max_tokens);
    parameters.finish();
    return make_leaf({{"prefix", prefix}, {"workers", workers}, {"tokens", tokens}}, [=](const MaskDomain& domain,
                                                                                         const std::string& path) {
        const std::int64_t end = prefix + workers * tokens;
        if (end > domain.key_tokens) {
            throw bad_input(path, fmt::format("a prefix and blocks of {} tokens", end), "do not fit into the sequence",
                            fmt::format("at most {} tokens", domain.key_tokens));
        }
        return worker_zones(domain, prefix, Workers{workers, tokens}, path);
    });
}

}  // namespace longscope
