// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/report/head_report.h"

#include <fmt/format.h>

#include <tuple>
#include <utility>

#include "engine/base/error.h"
#include "engine/mask/zone_gatherer.h"

namespace longscope {

namespace {

// Each costs a report, and all of them a union.
constexpr std::size_t max_groups = 4096;

// The masks of all groups joined by "or"; what is added up is held to the zones that one mask may have.
ZoneTree union_tree(const std::vector<HeadGroup>& groups, const MaskDomain& domain) {
    ZoneTree all{ZoneTree::Kind::any_of, {}, {}};
    std::size_t zones = 0;
    for (const HeadGroup& group : groups) {
        ZoneTree tree = zone_tree(group.expression, domain, "mask");
        zones += disjoint_zones(tree, domain.box()).size();
        require_zone_count(zones, "mask");
        all.operands.push_back(std::move(tree));
    }
    return all;
}

}  // namespace

HeadReport head_report(const MaskExpression& expression, const MaskDomain& domain, std::int64_t heads,
                       std::int64_t layers, const std::vector<TileShape>& tiles) {
    std::vector<HeadGroup> groups = head_groups(expression, heads, layers);
    if (groups.size() > max_groups) {
        throw bad_input("mask", fmt::format("{} different masks", groups.size()), "are too many for one report",
                        fmt::format("at most {}", max_groups));
    }
    const ZoneTree all = union_tree(groups, domain);
    const auto compiled = [&](ZoneTree tree) {
        return compile_tree(std::make_shared<const ZoneTree>(std::move(tree)), domain.query_tokens, domain.key_tokens);
    };
    HeadReport report;
    report.heads = heads * layers;
    report.pairs_seen = compiled(all)->pairs();
    report.causal_pairs = causal_pairs(domain.query_tokens, domain.key_tokens);

    ZoneTree causal;
    causal.zones.push_back(tightened({domain.box().q, domain.box().k, {-max_tokens, domain.diagonal() + 1}}));
    std::erase_if(causal.zones, [](const Zone& zone) { return zone.empty(); });
    const ZoneTree unseen{ZoneTree::Kind::all_of, {}, {causal, {ZoneTree::Kind::complement, {}, {all}}}};
    for (const Zone& zone : disjoint_zones(unseen, domain.box())) {
        const std::pair first{zone.q.begin, zone.row(zone.q.begin).begin};
        if (report.causal_pairs_seen == 0 || first < std::pair{report.first_unseen_query, report.first_unseen_key}) {
            std::tie(report.first_unseen_query, report.first_unseen_key) = first;
        }
        report.causal_pairs_seen -= pairs(zone);
    }
    report.causal_pairs_seen += report.causal_pairs;

    for (HeadGroup& group : groups) {
        MaskReport own = mask_report(*compile_mask(group.expression, domain), domain, tiles);
        report.pairs += static_cast<double>(own.pairs) * static_cast<double>(group.count);
        report.resident_keys += static_cast<double>(own.lifetime.most_resident) * static_cast<double>(group.count);
        report.groups.push_back({std::move(group), std::move(own)});
    }
    return report;
}

}  // namespace longscope
