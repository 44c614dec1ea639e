// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/report/mask_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "engine/base/error.h"
#include "engine/mask/permuted_mask.h"
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

std::vector<TileBound> bounds_in_order(const Mask& mask, const std::vector<TileShape>& tiles, const TokenOrder& order) {
    const std::string field = "--order." + order.written.begin().key();
    if (mask.query_tokens() != mask.key_tokens()) {
        throw bad_input(field, fmt::format("{} queries and {} keys", mask.query_tokens(), mask.key_tokens()),
                        "do not hold the same tokens", "as many queries as keys");
    }
    const Permutation tokens = order.over(mask.key_tokens(), 0, field);
    std::int64_t rows = tiles.empty() ? 1 : tiles.front().q_tile;
    for (const TileShape& shape : tiles) {
        rows = std::min(rows, shape.q_tile);
    }
    // Runs of keys are taken to their positions once for each row of tiles.
    const std::shared_ptr<const Mask> shared(std::shared_ptr<const void>(), &mask);
    const auto permuted = permuted_mask(shared, tokens, tokens, field, most_permuted_runs * static_cast<double>(rows));
    std::vector<TileBound> bounds;
    for (const TileShape& shape : tiles) {
        bounds.push_back(tile_bound(*permuted, shape.q_tile, shape.k_tile));
    }
    return bounds;
}

}  // namespace

MaskReport mask_report(const Mask& mask, const MaskDomain& domain, const std::vector<TileShape>& tiles,
                       const TokenOrder* order) {
    MaskReport report;
    report.pairs = mask.pairs();
    report.all_pairs = mask.box().pairs();
    report.causal_pairs = causal_pairs(mask.query_tokens(), mask.key_tokens());
    report.keys_per_query = row_statistics(mask);
    const std::unique_ptr<Mask> mirror = mask.transposed();
    report.queries_per_key = row_statistics(*mirror);
    const auto* lazy = dynamic_cast<const LazyMask*>(&mask);
    const auto* lazy_mirror = dynamic_cast<const LazyMask*>(mirror.get());
    if (lazy != nullptr && lazy_mirror != nullptr) {
        report.without_keys = rows_without_keys(*lazy);
        report.unseen = rows_without_keys(*lazy_mirror);
        report.causality = causality(*lazy);
        report.lifetime = key_lifetime(*lazy, *mirror, report.causality.leaking_pairs);
    } else {
        const ZoneSet set = zone_set_of(mask, "mask");
        report.without_keys = rows_without_keys(set, mask);
        report.unseen = rows_without_keys(mirrored(set), *mirror);
        report.causality = causality(set, mask.key_tokens() - mask.query_tokens());
        report.lifetime = key_lifetime(set, mask.query_tokens(), mask.key_tokens());
    }
    for (const TileShape& shape : tiles) {
        report.tiles.push_back(tile_bound(mask, shape.q_tile, shape.k_tile));
    }
    if (order != nullptr) {
        report.tiles_in_order = bounds_in_order(mask, tiles, *order);
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
    const auto add_bounds = [&](const std::vector<TileBound>& bounds, std::string_view what) {
        for (const TileBound& bound : bounds) {
            const std::string name = fmt::format("{}_{}x{}.", what, bound.tiles.q_tile, bound.tiles.k_tile);
            add(name + "kept_share", bound.tiles.kept_share());
            add(name + "speedup_over_full", bound.speedup_over_full(report.all_pairs));
            add(name + "speedup_over_causal", bound.speedup_over_causal());
        }
    };
    add_bounds(report.tiles, "tiles");
    add_bounds(report.tiles_in_order, "ordered_tiles");
    return all;
}

}  // namespace longscope
