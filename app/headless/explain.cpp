// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/headless/text_table.h"
#include "engine/base/error.h"
#include "engine/base/thread_team.h"
#include "engine/base/units.h"
#include "engine/parallel/strategy.h"

namespace longscope {

namespace {

constexpr std::int64_t max_ranks = 64;

// The busiest cell is 100 %.
double largest_flops(const StepTable& table) {
    double largest = 0;
    for (const std::vector<RankStep>& steps : table.ranks) {
        for (const RankStep& step : steps) {
            largest = std::max(largest, step.flops);
        }
    }
    return largest;
}

}  // namespace

StepTable explain_steps(const CompiledDraw& draw) {
    const Experiment& experiment = draw.experiment;
    const auto ranks = static_cast<std::int64_t>(draw.ranks->size());
    if (ranks > max_ranks) {
        throw bad_input("layout.ranks", std::to_string(ranks), "are too many to explain step by step",
                        fmt::format("1 to {}", max_ranks));
    }
    const StrategyEntry& strategy = find_strategy(experiment.layout.strategy);
    const StrategyInput first{experiment.shape, *draw.masks, *draw.ranks, 0, experiment.layout.options, nullptr};
    require_feasible(strategy, first, experiment.pass);
    const StrategyInput prepared = strategy.prepared(first);
    std::vector<Schedule> schedules(static_cast<std::size_t>(ranks));
    ThreadTeam().for_each(ranks, [&](std::int64_t rank) {
        StrategyInput input = prepared;
        input.rank = rank;
        schedules[static_cast<std::size_t>(rank)] = strategy.write(experiment.pass, input);
    });
    return step_table(schedules);
}

std::string step_table_text(const StepTable& table, const Experiment& experiment) {
    std::vector<Column> columns{{"rank"}};
    for (std::size_t step = 0; step < table.steps(); ++step) {
        columns.push_back({fmt::format("step {}", step)});
    }
    TextTable work(std::move(columns));
    const double largest = largest_flops(table);
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
        "{}: {} over {} ranks, dispatch {}, {}\n\n{}own: with queries of its own tokens; help: with those of other "
        "ranks; idle: computes nothing; shares are of the busiest cell\n\n{}",
        printable(experiment.name), experiment.layout.strategy, table.ranks.size(), experiment.layout.dispatch,
        to_string(experiment.pass), work.text(),
        table.transfers.empty() ? std::string("Nothing moves between ranks.\n") : transfers.text());
}

Json step_table_json(const StepTable& table) {
    Json json{{"ranks", Json::array()}, {"transfers", Json::array()}};
    for (const std::vector<RankStep>& steps : table.ranks) {
        Json of_rank = Json::array();
        for (const RankStep& step : steps) {
            of_rank.push_back({{"work", to_string(step.work)}, {"flops", step.flops}});
        }
        json["ranks"].push_back(std::move(of_rank));
    }
    for (const StepTransfer& transfer : table.transfers) {
        json["transfers"].push_back(
            {{"step", transfer.step}, {"from", transfer.from}, {"to", transfer.to}, {"bytes", transfer.bytes}});
    }
    return json;
}

}  // namespace longscope
