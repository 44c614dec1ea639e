// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/verify_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>

#include "app/headless/text_table.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

constexpr std::size_t shown_rows = 5;

// Means over heads, documents or ranks: where the error sits.
template <typename KeyOf>
std::string group_table(const char* name, const std::vector<ComparedRow>& rows, KeyOf key_of) {
    std::map<std::int64_t, std::vector<RowDifference>> groups;
    for (const ComparedRow& row : rows) {
        groups[key_of(row)].push_back(row.row);
    }
    std::vector<std::pair<double, std::int64_t>> worst;
    for (const auto& [key, members] : groups) {
        worst.emplace_back(relative_error(members), key);
    }
    std::sort(worst.rbegin(), worst.rend());
    constexpr std::size_t most = 8;
    TextTable table({{name}, {"error"}, {"rows"}});
    for (std::size_t i = 0; i < std::min(most, worst.size()); ++i) {
        table.add_row({std::to_string(worst[i].second), short_number(worst[i].first),
                       format_count(static_cast<std::int64_t>(groups[worst[i].second].size()))});
    }
    std::string text = table.text();
    if (worst.size() > most) {
        text += fmt::format("  ({} more)\n", worst.size() - most);
    }
    return text;
}

Json finite(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

std::string output_departures(const VerifyReport& report) {
    std::string text = fmt::format("\n{} of {} compared rows depart; the worst:\n",
                                   format_count(static_cast<std::int64_t>(report.verdict.departing.size())),
                                   format_count(static_cast<std::int64_t>(report.verdict.rows.size())));
    const bool documents = !report.places.cu_seqlens.empty();
    const bool ranks = !report.places.ranks.empty();
    TextTable table({{"batch"},
                     {"head"},
                     {"query"},
                     {documents ? "document" : ""},
                     {ranks ? "rank" : ""},
                     {"error"},
                     {"lse"},
                     {"reference lse"}});
    for (std::size_t i = 0; i < std::min(shown_rows, report.verdict.departing.size()); ++i) {
        const ComparedRow& row = report.verdict.departing[i];
        table.add_row({std::to_string(row.item), std::to_string(row.row.head), std::to_string(row.row.query),
                       documents ? std::to_string(report.places.document(row.row.query)) : "",
                       ranks ? std::to_string(report.places.rank(row.row.query)) : "", short_number(row.error),
                       report.with_lse ? fmt::format("{:.6g}", row.row.lse) : "-",
                       fmt::format("{:.6g}", row.row.reference_lse)});
    }
    text += table.text() + "\nError by head:\n" +
            group_table("head", report.verdict.rows, [](const ComparedRow& row) { return row.row.head; });
    if (documents) {
        text += "\nError by document:\n" + group_table("document", report.verdict.rows, [&](const ComparedRow& row) {
                    return report.places.document(row.row.query);
                });
    }
    if (ranks) {
        text += fmt::format("\nError by rank, {} dispatch:\n", report.dispatch) +
                group_table("rank", report.verdict.rows,
                            [&](const ComparedRow& row) { return report.places.rank(row.row.query); });
    }
    for (const std::string& hint : report.hints) {
        text += fmt::format("\nThis explains it: {}.\n", hint);
    }
    return text;
}

// Tokens of queries are those of keys where both are as many.
bool has_places(const VerifyReport& report, const GradientReport& gradient) {
    return gradient.row == "query" || (gradient.row == "key" && report.queries == report.keys);
}

std::string gradient_departures(const VerifyReport& report, const GradientReport& gradient) {
    const OutputVerdict& verdict = gradient.verdict;
    std::string text = fmt::format("\n{}: {} of {} compared {} depart; the worst:\n", gradient.name,
                                   format_count(static_cast<std::int64_t>(verdict.departing.size())),
                                   format_count(static_cast<std::int64_t>(verdict.rows.size())),
                                   gradient.row.empty() ? "heads" : "rows");
    const bool documents = has_places(report, gradient) && !report.places.cu_seqlens.empty();
    const bool ranks = has_places(report, gradient) && !report.places.ranks.empty();
    TextTable table(
        {{"batch"}, {"head"}, {gradient.row}, {documents ? "document" : ""}, {ranks ? "rank" : ""}, {"error"}});
    for (std::size_t i = 0; i < std::min(shown_rows, verdict.departing.size()); ++i) {
        const ComparedRow& row = verdict.departing[i];
        table.add_row({std::to_string(row.item), std::to_string(row.row.head),
                       gradient.row.empty() ? "" : std::to_string(row.row.query),
                       documents ? std::to_string(report.places.document(row.row.query)) : "",
                       ranks ? std::to_string(report.places.rank(row.row.query)) : "", short_number(row.error)});
    }
    text += table.text() + fmt::format("\nError of {} by head:\n", gradient.name) +
            group_table("head", verdict.rows, [](const ComparedRow& row) { return row.row.head; });
    if (documents) {
        text += fmt::format("\nError of {} by document:\n", gradient.name) +
                group_table("document", verdict.rows,
                            [&](const ComparedRow& row) { return report.places.document(row.row.query); });
    }
    if (ranks) {
        text += fmt::format("\nError of {} by rank, {} dispatch:\n", gradient.name, report.dispatch) +
                group_table("rank", verdict.rows,
                            [&](const ComparedRow& row) { return report.places.rank(row.row.query); });
    }
    return text;
}

constexpr std::size_t most_rows_in_json = 100;

Json gradient_json(const VerifyReport& report, const GradientReport& gradient) {
    const OutputVerdict& verdict = gradient.verdict;
    Json json{{"agrees", verdict.agrees()},  {"relative_error", finite(verdict.error)},    {"limit", verdict.limit},
              {"rows", verdict.rows.size()}, {"departing_rows", verdict.departing.size()}, {"worst", Json::array()}};
    const bool documents = has_places(report, gradient) && !report.places.cu_seqlens.empty();
    const bool ranks = has_places(report, gradient) && !report.places.ranks.empty();
    for (std::size_t i = 0; i < std::min(most_rows_in_json, verdict.departing.size()); ++i) {
        const ComparedRow& row = verdict.departing[i];
        Json one{{"batch", row.item}, {"head", row.row.head}, {"relative_error", finite(row.error)}};
        if (!gradient.row.empty()) {
            one[gradient.row] = row.row.query;
            one["document"] = documents ? Json(report.places.document(row.row.query)) : Json();
            one["rank"] = ranks ? Json(report.places.rank(row.row.query)) : Json();
        }
        json["worst"].push_back(one);
    }
    return json;
}

}  // namespace

std::int64_t TokenPlaces::document(std::int64_t query) const {
    return std::upper_bound(cu_seqlens.begin(), cu_seqlens.end(), query) - cu_seqlens.begin() - 1;
}

std::int64_t TokenPlaces::rank(std::int64_t query) const {
    const auto holds = [&](const TokenSet& set) { return set.count_in({query, query + 1}) == 1; };
    return std::find_if(ranks.begin(), ranks.end(), holds) - ranks.begin();
}

std::string short_number(double value) {
    return std::isfinite(value) ? fmt::format("{:.2g}", value) : fmt::format("{}", value);
}

bool VerifyReport::agrees() const {
    return verdict.agrees() && std::all_of(gradients.begin(), gradients.end(),
                                           [](const GradientReport& gradient) { return gradient.verdict.agrees(); });
}

std::string verify_report(const VerifyReport& report) {
    std::string text = fmt::format("{} {} the float64 reference: {} of {} queries, {} heads{}\n", report.output,
                                   report.agrees() ? "agrees with" : "departs from", format_count(report.sampled),
                                   format_count(report.queries), report.heads,
                                   report.batch > 1 ? fmt::format(", {} batch items", report.batch) : "");
    text += fmt::format("  output error {} (relative L2, limit {})\n", short_number(report.verdict.error),
                        short_number(report.verdict.limit));
    if (report.with_lse) {
        text += fmt::format("  lse error    {} (absolute, limit {})\n", short_number(report.verdict.lse_error),
                            short_number(report.verdict.lse_limit));
    }
    for (const GradientReport& gradient : report.gradients) {
        text += fmt::format("  {:<6} error {} (relative L2, limit {})\n", gradient.name,
                            short_number(gradient.verdict.error), short_number(gradient.verdict.limit));
    }
    if (!report.verdict.agrees()) {
        text += output_departures(report);
    }
    for (const GradientReport& gradient : report.gradients) {
        if (!gradient.verdict.agrees()) {
            text += gradient_departures(report, gradient);
        }
    }
    return text;
}

Json verify_report_json(const VerifyReport& report) {
    Json json{{"agrees", report.agrees()},
              {"queries", report.sampled},
              {"rows", report.verdict.rows.size()},
              {"output_relative_error", finite(report.verdict.error)},
              {"output_limit", report.verdict.limit},
              {"lse_absolute_error", report.with_lse ? finite(report.verdict.lse_error) : Json(nullptr)},
              {"lse_limit", report.verdict.lse_limit},
              {"departing_rows", report.verdict.departing.size()},
              {"worst", Json::array()},
              {"explanations", report.hints}};
    for (const GradientReport& gradient : report.gradients) {
        json["gradients"][gradient.name] = gradient_json(report, gradient);
    }
    for (std::size_t i = 0; i < std::min(most_rows_in_json, report.verdict.departing.size()); ++i) {
        const ComparedRow& row = report.verdict.departing[i];
        json["worst"].push_back(
            {{"batch", row.item},
             {"head", row.row.head},
             {"query", row.row.query},
             {"document", report.places.cu_seqlens.empty() ? Json() : Json(report.places.document(row.row.query))},
             {"rank", report.places.ranks.empty() ? Json() : Json(report.places.rank(row.row.query))},
             {"relative_error", finite(row.error)},
             {"lse", finite(row.row.lse)},
             {"reference_lse", finite(row.row.reference_lse)}});
    }
    return json;
}

}  // namespace longscope
