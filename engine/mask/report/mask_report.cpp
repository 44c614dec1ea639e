// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/report/mask_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/mask/zone_gatherer.h"

namespace longscope {

namespace {

ZoneSet mirrored(ZoneSet set) {
    for (Zone& zone : set.zones) {
        zone = transposed(zone);
    }
    for (StripedZone& striped : set.striped) {
        striped = transposed(striped);
    }
    return set;
}

}  // namespace

MaskReport mask_report(const Mask& mask, const MaskDomain& domain, const std::vector<TileShape>& tiles) {
    MaskReport report;
    report.pairs = mask.pairs();
    report.all_pairs = mask.box().pairs();
    report.causal_pairs = causal_pairs(mask.query_tokens(), mask.key_tokens());
    report.keys_per_query = row_statistics(mask);
    const std::unique_ptr<Mask> mirror = mask.transposed();
    report.queries_per_key = row_statistics(*mirror);
    const ZoneSet set = zone_set_of(mask, "mask");
    report.without_keys = rows_without_keys(set, mask);
    report.unseen = rows_without_keys(mirrored(set), *mirror);
    report.causality = causality(set, mask.key_tokens() - mask.query_tokens());
    report.lifetime = key_lifetime(set, mask.query_tokens(), mask.key_tokens());
    for (const TileShape& shape : tiles) {
        report.tiles.push_back(tile_bound(mask, shape.q_tile, shape.k_tile));
    }
    report.documents = document_pairs(mask, domain.cu_seqlens);
    return report;
}

Figures figures(const MaskReport& report) {
    Figures all;
    const auto add = [&](std::string name, auto value) {
        all.emplace_back(std::move(name), static_cast<double>(value));
    };
    std::int64_t inside = 0;
    std::int64_t largest = 0;
    for (const DocumentPairs& document : report.documents) {
        inside += document.inside;
        largest = std::max(largest, document.pairs);
    }
    add("documents", report.documents.size());
    add("pairs", report.pairs);
    add("density", report.density());
    add("pairs_inside_documents", inside);
    add("pairs_of_busiest_document", largest);
    add("keys_per_query.mean", report.keys_per_query.mean_keys);
    add("keys_per_query.max", report.keys_per_query.max_keys);
    add("queries_per_key.max", report.queries_per_key.max_keys);
    add("queries_without_keys", report.without_keys.count);
    add("keys_without_queries", report.unseen.count);
    add("leaking_pairs", report.causality.leaking_pairs);
    add("most_resident_keys", report.lifetime.most_resident);
    add("local_needed", report.lifetime.local_needed);
    add("ideal_speedup_over_full", report.ideal_over_full());
    add("ideal_speedup_over_causal", report.ideal_over_causal());
    for (const TileBound& bound : report.tiles) {
        const std::string name = fmt::format("tiles_{}x{}.", bound.tiles.q_tile, bound.tiles.k_tile);
        add(name + "kept_share", bound.tiles.kept_share());
        add(name + "speedup_over_full", bound.speedup_over_full(report.all_pairs));
        add(name + "speedup_over_causal", bound.speedup_over_causal());
    }
    return all;
}

}  // namespace longscope
