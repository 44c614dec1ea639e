// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/mask_report_text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

#include "app/headless/text_table.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

std::string times_text(double times) {
    return std::isfinite(times) ? fmt::format("{:.2f} x", times) : "no work";
}

std::string nothing_text(const RowsWithoutKeys& rows, std::string_view first) {
    return rows.count == 0
               ? "none"
               : fmt::format("{}, the first {} {}", format_count(rows.count), first, format_count(rows.first));
}

std::string causality_text(const Causality& causality) {
    if (causality.causal()) {
        return "yes";
    }
    return fmt::format("no: {} pairs with later keys, first query {} with key {}",
                       format_count(causality.leaking_pairs), format_count(causality.first_query),
                       format_count(causality.first_key));
}

std::string resident_text(const KeyLifetime& lifetime) {
    const std::string moment = lifetime.most_resident_after < 0
                                   ? "before the first query"
                                   : "after query " + format_count(lifetime.most_resident_after);
    return fmt::format("at most {}{}", format_count(lifetime.most_resident),
                       lifetime.most_resident == 0 ? "" : ", " + moment);
}

std::string dropped_text(const KeyLifetime& lifetime) {
    if (lifetime.kv_efficient()) {
        return "do not come back (KV-efficient)";
    }
    return fmt::format("come back: key {} is passed by query {} and seen by query {}; none if the last {} stay",
                       format_count(lifetime.first_gap->key), format_count(lifetime.first_gap->passed_by),
                       format_count(lifetime.first_gap->seen_by), format_count(lifetime.local_needed));
}

Json nothing_json(const RowsWithoutKeys& rows) {
    return {{"count", rows.count}, {"first", rows.count == 0 ? Json() : Json(rows.first)}};
}

Json keys_json(const RowStatistics& rows) {
    return {{"min", rows.min_keys}, {"mean", rows.mean_keys}, {"max", rows.max_keys}};
}

}  // namespace

std::string report_line(std::string_view name, const std::string& value) {
    return fmt::format("{:<16} {}\n", name, value);
}

std::string mask_answers_text(const MaskReport& report) {
    const RowStatistics& columns = report.queries_per_key;
    std::string text =
        report_line("queries per key", fmt::format("min {}, mean {:.1f}, max {}", format_count(columns.min_keys),
                                                   columns.mean_keys, format_count(columns.max_keys)));
    text += report_line("blind queries", nothing_text(report.without_keys, "query"));
    text += report_line("unseen keys", nothing_text(report.unseen, "key"));
    text += report_line("causal", causality_text(report.causality));
    text += report_line("resident keys", resident_text(report.lifetime));
    text += report_line("passed keys", dropped_text(report.lifetime));
    text +=
        report_line("ideal speed-up", fmt::format("{} over full, {} over causal", times_text(report.ideal_over_full()),
                                                  times_text(report.ideal_over_causal())));
    const auto add_bounds = [&](std::string_view name, const std::vector<TileBound>& bounds) {
        for (const TileBound& bound : bounds) {
            text +=
                report_line(name, fmt::format("{} x {}: {} over full, {} over causal", bound.tiles.q_tile,
                                              bound.tiles.k_tile, times_text(bound.speedup_over_full(report.all_pairs)),
                                              times_text(bound.speedup_over_causal())));
        }
    };
    add_bounds("by tiles", report.tiles);
    add_bounds("tiles in order", report.tiles_in_order);
    return text;
}

std::string document_table(const std::vector<DocumentPairs>& documents) {
    TextTable table({{"document"}, {"begin"}, {"tokens"}, {"pairs"}, {"inside"}});
    for (std::size_t i = 0; i < documents.size(); ++i) {
        const DocumentPairs& document = documents[i];
        table.add_row({std::to_string(i), format_count(document.tokens.begin), format_count(document.tokens.size()),
                       format_count(document.pairs), format_count(document.inside)});
    }
    return table.text();
}

Json mask_answers_json(const MaskReport& report) {
    const Causality& causality = report.causality;
    const KeyLifetime& lifetime = report.lifetime;
    const auto bounds_json = [&](const std::vector<TileBound>& list) {
        Json bounds = Json::array();
        for (const TileBound& bound : list) {
            bounds.push_back({{"q_tile", bound.tiles.q_tile},
                              {"k_tile", bound.tiles.k_tile},
                              {"empty", bound.tiles.empty},
                              {"full", bound.tiles.full},
                              {"partial", bound.tiles.partial},
                              {"touched_pairs", bound.touched_pairs},
                              {"speedup_over_full", bound.speedup_over_full(report.all_pairs)},
                              {"speedup_over_causal", bound.speedup_over_causal()}});
        }
        return bounds;
    };
    Json gap;
    if (lifetime.first_gap) {
        gap = {{"key", lifetime.first_gap->key},
               {"passed_by", lifetime.first_gap->passed_by},
               {"seen_by", lifetime.first_gap->seen_by}};
    }
    Json answers{
        {"queries_per_key", keys_json(report.queries_per_key)},
        {"queries_without_keys", nothing_json(report.without_keys)},
        {"keys_without_queries", nothing_json(report.unseen)},
        {"causality",
         {{"causal", causality.causal()},
          {"leaking_pairs", causality.leaking_pairs},
          {"first_leak", causality.causal() ? Json() : Json{causality.first_query, causality.first_key}}}},
        {"cache",
         {{"most_resident_keys", lifetime.most_resident},
          {"after_query", lifetime.most_resident_after},
          {"kv_efficient", lifetime.kv_efficient()},
          {"held_pairs", lifetime.held_pairs},
          {"seen_pairs", lifetime.seen_pairs},
          {"first_gap", std::move(gap)},
          {"local_needed", lifetime.local_needed}}},
        {"ideal_speedup", {{"over_full", report.ideal_over_full()}, {"over_causal", report.ideal_over_causal()}}},
        {"tile_bounds", bounds_json(report.tiles)}};
    if (!report.tiles_in_order.empty()) {
        answers["ordered_tile_bounds"] = bounds_json(report.tiles_in_order);
    }
    return answers;
}

Json documents_json(const std::vector<DocumentPairs>& documents) {
    Json list = Json::array();
    for (const DocumentPairs& document : documents) {
        list.push_back({{"begin", document.tokens.begin},
                        {"tokens", document.tokens.size()},
                        {"pairs", document.pairs},
                        {"inside", document.inside}});
    }
    return list;
}

}  // namespace longscope
