// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/head_report_text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/headless/mask_report_text.h"
#include "app/headless/text_table.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

std::string coverage_text(const HeadReport& report) {
    if (report.first_unseen_query < 0) {
        return "every causal pair";
    }
    return fmt::format("{} of the causal pairs; first unseen: key {} by query {}", format_percent(report.coverage()),
                       format_count(report.first_unseen_key), format_count(report.first_unseen_query));
}

}  // namespace

std::string head_report_text(const HeadReport& report) {
    const auto heads = static_cast<double>(report.heads);
    const auto mean = [&](double sum) { return format_count(static_cast<std::int64_t>(sum / heads + 0.5)); };
    std::string text = report_line(
        "heads", fmt::format("{} in all layers, {} different masks", format_count(report.heads), report.groups.size()));
    text += report_line("pairs a head", mean(report.pairs) + " in the mean");
    text += report_line("resident keys", mean(report.resident_keys) + " a head in the mean, at most");
    text += report_line("seen by any head", coverage_text(report));
    TextTable table({{"mask"},
                     {"heads"},
                     {"pairs"},
                     {"density"},
                     {"resident keys"},
                     {"KV-efficient"},
                     {"ideal x causal"},
                     {"by tiles"}});
    std::string names;
    for (std::size_t i = 0; i < report.groups.size(); ++i) {
        const auto& [group, own] = report.groups[i];
        table.add_row({std::to_string(i), format_count(group.count), format_count(own.pairs),
                       format_percent(own.density()), format_count(own.lifetime.most_resident),
                       own.lifetime.kv_efficient() ? "yes" : "no", fmt::format("{:.2f}", own.ideal_over_causal()),
                       fmt::format("{:.2f}", own.tiles.front().speedup_over_causal())});
        names += fmt::format("mask {}: {}\n  {}\n", i, to_text(group.expression), members_text(group));
    }
    return text + '\n' + table.text() + '\n' + names;
}

Json head_report_json(const HeadReport& report) {
    Json groups = Json::array();
    for (const auto& [group, own] : report.groups) {
        Json fields{{"mask", to_json(group.expression)},
                    {"heads", members_text(group)},
                    {"count", group.count},
                    {"pairs", own.pairs},
                    {"density", own.density()}};
        fields.update(mask_answers_json(own));
        groups.push_back(std::move(fields));
    }
    const bool covered = report.first_unseen_query < 0;
    return {{"heads", report.heads},
            {"pairs", report.pairs},
            {"resident_keys", report.resident_keys},
            {"pairs_seen", report.pairs_seen},
            {"causal_pairs", report.causal_pairs},
            {"causal_pairs_seen", report.causal_pairs_seen},
            {"first_unseen", covered ? Json() : Json{report.first_unseen_query, report.first_unseen_key}},
            {"masks", std::move(groups)}};
}

}  // namespace longscope
