// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/strategy_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/base/units.h"
#include "engine/parallel/strategy_example.h"

namespace longscope {

namespace {

std::string mebibytes(std::int64_t bytes) {
    const double exact = static_cast<double>(bytes) / (1 << 20);
    return exact == static_cast<double>(static_cast<std::int64_t>(exact)) ? fmt::format("{:.0f}", exact)
                                                                          : fmt::format("{:.1f}", exact);
}

struct WorkedRow {
    const StrategyEntry* strategy;
    std::vector<WorkedBytes> of_ranks;
};

std::vector<WorkedRow> worked_rows() {
    std::vector<WorkedRow> rows;
    for (const StrategyEntry& strategy : strategies()) {
        rows.push_back({&strategy, {}});
        for (const std::int64_t ranks : worked_ranks()) {
            rows.back().of_ranks.push_back(worked_bytes(strategy, ranks));
        }
    }
    return rows;
}

std::string worked_table(const std::vector<WorkedRow>& rows, std::string_view title,
                         const std::function<std::optional<std::int64_t>(const WorkedBytes&)>& figure) {
    std::string text = fmt::format("| {} |", title);
    std::string rule = "|---|";
    for (const std::int64_t ranks : worked_ranks()) {
        text += fmt::format(" N = {} |", ranks);
        rule += "---:|";
    }
    text += "\n" + rule + "\n";
    for (const WorkedRow& row : rows) {
        text += fmt::format("| [`{0}`](#{0}) |", row.strategy->name);
        for (const WorkedBytes& worked : row.of_ranks) {
            if (!worked.infeasible.empty()) {
                text += " infeasible |";
            } else {
                const std::optional<std::int64_t> bytes = figure(worked);
                text += bytes ? fmt::format(" {} |", mebibytes(*bytes)) : " none |";
            }
        }
        text += "\n";
    }
    return text + "\n";
}

struct Line {
    std::string_view what;
    std::string_view text;
};

std::vector<Line> lines_of(const StrategyText& text) {
    std::vector<Line> lines{{"received, forward", text.received_forward}};
    if (!text.received_backward.empty()) {
        lines.push_back({"received, backward", text.received_backward});
    }
    lines.push_back({"memory", text.memory});
    lines.push_back({"infeasible", text.infeasible});
    lines.push_back({"source", text.source});
    lines.push_back({"dispatch shown", text.dispatch});
    return lines;
}

}  // namespace

std::string strategies_as_text() {
    std::size_t widest = 0;
    for (const StrategyEntry& strategy : strategies()) {
        widest = std::max(widest, strategy.name.size());
    }
    std::string text;
    for (const StrategyEntry& strategy : strategies()) {
        text += fmt::format("  {:{}}  {}\n", strategy.name, widest, strategy.meaning);
    }
    return text;
}

std::string strategy_as_text(const StrategyEntry& strategy) {
    std::string text = fmt::format("{}: {}\n\n{}\n", strategy.name, strategy.meaning, strategy.text.how);
    if (!strategy.text.backward.empty()) {
        text += fmt::format("\nBackward: {}\n", strategy.text.backward);
    }
    text += "\n";
    for (const Line& line : lines_of(strategy.text)) {
        text += fmt::format("{:20} {}\n", line.what, line.text);
    }
    return text + fmt::format("\n{}\n", strategy_letters());
}

std::string strategy_picture_name(const StrategyEntry& strategy) {
    return fmt::format("{}.svg", strategy.name);
}

std::string strategies_as_markdown() {
    std::string page =
        "# Strategies\n\n"
        "How keys and values reach the queries of another rank (`layout.strategy`); which tokens a rank holds is the\n"
        "dispatch's part: see [layouts](layouts.md). This page is what `longscope-engine strategies --markdown` "
        "prints;\n"
        "`--pictures FOLDER` draws its pictures from the schedules that are run.\n\n";
    page += fmt::format("The letters of the formulas: {}\n\n", strategy_letters());
    page += fmt::format(
        "## In figures\n\n"
        "By those formulas, MiB of the rank that has most: a causal mask over {} tokens a rank, in the dispatch that\n"
        "is shown with each strategy, {} query heads to {} key/value heads of {} elements, {}. Partial results travel\n"
        "in float32, so strategies that return outputs move more than where they are rounded. What is received is\n"
        "counted in every run, and equals the formula.\n\n",
        format_count(worked_tokens_per_rank), worked_shape().query_heads, worked_shape().key_value_heads,
        worked_shape().head_dim_qk, to_string(worked_shape().dtype));
    const std::vector<WorkedRow> rows = worked_rows();
    page += worked_table(rows, "received, forward",
                         [](const WorkedBytes& worked) { return std::optional(worked.received_forward); });
    page +=
        worked_table(rows, "received, backward", [](const WorkedBytes& worked) { return worked.received_backward; });
    page += worked_table(rows, "buffers, forward",
                         [](const WorkedBytes& worked) { return std::optional(worked.buffers_forward); });
    page +=
        worked_table(rows, "buffers, both passes", [](const WorkedBytes& worked) { return worked.buffers_backward; });
    page +=
        "## How to read the pictures\n\n"
        "Four ranks from top to bottom, the steps of the forward pass from left to right, a causal mask. A box holds "
        "what\n"
        "a rank computes in a step: the ranks whose queries (Q) it takes over the keys and values (KV) of which "
        "ranks,\n"
        "and which heads where it is not all of them; the darker, the more pairs. An arrow is what leaves a rank for\n"
        "another in a step.\n\n";
    for (const StrategyEntry& strategy : strategies()) {
        page += fmt::format("## {0}\n\n`{0}`: {1}.\n\n![{0} on four ranks](pictures/strategies/{2})\n\n{3}\n\n",
                            strategy.name, strategy.meaning, strategy_picture_name(strategy), strategy.text.how);
        if (!strategy.text.backward.empty()) {
            page += fmt::format("Backward: {}\n\n", strategy.text.backward);
        }
        page += fmt::format("| of {} | |\n|---|---|\n", strategy.name);
        for (const Line& line : lines_of(strategy.text)) {
            page += fmt::format("| {} | {} |\n", line.what, line.text);
        }
        page += "\n";
    }
    page.pop_back();
    return page;
}

Json strategies_as_json() {
    Json all = Json::array();
    for (const StrategyEntry& strategy : strategies()) {
        const StrategyText& text = strategy.text;
        all.push_back({{"name", strategy.name},
                       {"meaning", strategy.meaning},
                       {"how", text.how},
                       {"backward", text.backward},
                       {"has_backward", strategy.has_backward},
                       {"received_forward", text.received_forward},
                       {"received_backward", text.received_backward},
                       {"memory", text.memory},
                       {"infeasible", text.infeasible},
                       {"source", text.source},
                       {"dispatch", text.dispatch}});
    }
    return {{"letters", strategy_letters()}, {"strategies", std::move(all)}};
}

}  // namespace longscope
