// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/headless/text_table.h"
#include "engine/base/error.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

constexpr std::size_t max_ranks = 64;

}  // namespace

std::string checkpoint_text(const CheckpointAccount& account) {
    if (account.kept_bytes == 0) {
        return {};
    }
    return fmt::format(
        "\nBetween the passes a rank holds up to {} (checkpoint at the attention's output). With a checkpoint at its "
        "inputs it would hold nothing, and the forward pass would run again: {} more computing, {} more received by "
        "all ranks.\n",
        format_bytes(account.kept_bytes), format_percent(account.forward_flops / std::max(account.flops, 1.0)),
        format_bytes(account.forward_bytes_received));
}

std::string step_table_text(const LayoutPreview& preview, const Experiment& experiment) {
    const StepTable& table = preview.steps;
    if (table.ranks.size() > max_ranks) {
        throw bad_input("layout.ranks", std::to_string(table.ranks.size()), "are too many for a table of text",
                        fmt::format("1 to {}, or a picture: --output FILE", max_ranks));
    }
    std::vector<Column> columns{{"rank"}};
    for (std::size_t step = 0; step < table.steps(); ++step) {
        columns.push_back({fmt::format("step {}", step)});
    }
    TextTable work(std::move(columns));
    const double largest = table.largest_flops();  // is 100 %
    for (std::size_t rank = 0; rank < table.ranks.size(); ++rank) {
        std::vector<std::string> row{std::to_string(rank)};
        for (const RankStep& step : table.ranks[rank]) {
            row.push_back(step.work == StepWork::idle
                              ? std::string("idle")
                              : fmt::format("{} {}", to_string(step.work),
                                            format_percent(largest == 0 ? 0 : step.flops / largest)));
        }
        work.add_row(std::move(row));
    }
    TextTable transfers({{"step"}, {"from"}, {"to"}, {"bytes"}});
    for (const StepTransfer& transfer : table.transfers) {
        transfers.add_row({std::to_string(transfer.step), std::to_string(transfer.from), std::to_string(transfer.to),
                           format_bytes(transfer.bytes)});
    }
    return fmt::format(
        "{}: {} over {} ranks, dispatch {}, {}\n{}\n{}own: with queries of its own tokens; help: with those of other "
        "ranks; idle: computes nothing; shares are of the busiest cell\n\n{}",
        printable(experiment.name), experiment.layout.strategy, table.ranks.size(), experiment.layout.dispatch,
        to_string(experiment.pass), preview.planned.empty() ? preview.planned : preview.planned + '\n', work.text(),
        table.transfers.empty() ? std::string("Nothing moves between ranks.\n") : transfers.text());
}

}  // namespace longscope
