// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine plan: which layouts an experiment could have on so many ranks, and what each would cost.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/headless/command_line.h"
#include "app/headless/experiment_names.h"
#include "app/headless/long_job.h"
#include "app/headless/output.h"
#include "app/headless/program_files.h"
#include "app/headless/text_table.h"
#include "app/headless/verbs/verb.h"
#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/base/units.h"
#include "engine/experiment/layout_options.h"
#include "engine/experiment/layout_preview.h"

namespace longscope {

namespace {

struct PlanOptions {
    std::string file;
    std::int64_t ranks = 0;  // 0: of the experiment
    std::int64_t draw = 0;
    bool why = false;
    bool json = false;
};

std::string dispatch_table(const LayoutOptions& all, std::int64_t tokens) {
    TextTable table({{"dispatch", Align::left}, {"largest / mean"}, {"padding of others"}, {"tiles of 128 x 128"}});
    for (const DispatchFacts& facts : all.dispatches) {
        table.add_row({facts.name, fmt::format("{:.3f}", facts.largest_over_mean), format_count(facts.padding_tokens),
                       facts.tiles ? format_count(*facts.tiles) : "-"});
    }
    return table.text() + fmt::format(
                              "largest / mean: pairs of the tokens of the busiest rank, as queries or, in decoding, as "
                              "keys; padding: tokens that implementations "
                              "which cut evenly add, here none; tiles: with a pair, over all ranks{}\n",
                              tokens > max_tokens_of_tile_counts
                                  ? fmt::format(", counted up to {} tokens", format_count(max_tokens_of_tile_counts))
                                  : "");
}

// A line for each strategy and reason; it names the dispatches where others do not have it.
std::vector<std::string> refusals(const LayoutOptions& all) {
    struct Refusal {
        std::string strategy;
        std::string reason;
        std::vector<std::string> dispatches;
    };
    std::vector<Refusal> refused;
    for (const LayoutOption& layout : best_first(all.layouts)) {
        if (layout.infeasible.empty()) {
            continue;
        }
        auto found = std::find_if(refused.begin(), refused.end(), [&](const Refusal& known) {
            return known.strategy == strategy_text(layout.strategy, layout.options) &&
                   known.reason == layout.infeasible;
        });
        if (found == refused.end()) {
            found = refused.insert(found, {strategy_text(layout.strategy, layout.options), layout.infeasible, {}});
        }
        found->dispatches.push_back(layout.dispatch);
    }
    std::vector<std::string> lines;
    for (const Refusal& one : refused) {
        const bool with_all = one.dispatches.size() == all.dispatches.size();
        lines.push_back(fmt::format("{}{}: {}", one.strategy,
                                    with_all ? "" : fmt::format(", {}", fmt::join(one.dispatches, ", ")), one.reason));
    }
    return lines;
}

// All ranks on the machine at hand, as a run has them that names no hosts.
std::string beyond_this_machine(const LayoutOptions& all, std::int64_t available_bytes) {
    const auto count = std::count_if(all.layouts.begin(), all.layouts.end(), [&](const LayoutOption& layout) {
        return layout.memory_of_all_bytes > available_bytes;
    });
    return count == 0 ? ""
                      : fmt::format(
                            "{} of them need more memory for {} ranks than the {} that are available on this "
                            "machine, where a run would be refused\n",
                            count, all.ranks, format_bytes(available_bytes));
}

std::string report(const LayoutOptions& all, const Experiment& experiment, std::int64_t tokens, bool why) {
    std::string text = fmt::format("{}: {} tokens over {} ranks, {}\n\n", printable(experiment.name),
                                   format_count(tokens), all.ranks, to_string(all.pass));
    text += dispatch_table(all, tokens) + "\n";
    TextTable table(
        {{"strategy", Align::left}, {"dispatch", Align::left}, {"largest / mean"}, {"received"}, {"memory"}});
    for (const LayoutOption& layout : best_first(all.layouts)) {
        if (layout.infeasible.empty()) {
            table.add_row({strategy_text(layout.strategy, layout.options), layout.dispatch,
                           fmt::format("{:.3f}", layout.largest_over_mean), format_bytes(layout.bytes_received),
                           format_bytes(layout.memory_bytes)});
        }
    }
    const std::vector<std::string> refused = refusals(all);
    text += table.text() + "received, memory: of the rank that has most; time comes with a model of the cluster\n";
    if (experiment.backend.memory_per_rank_bytes == 0) {
        text += beyond_this_machine(all, available_memory_bytes());
    }
    if (why) {
        text += refused.empty() ? "\nEvery strategy is feasible.\n" : "\nNot feasible\n";
        for (const std::string& line : refused) {
            text += "  " + line + "\n";
        }
    } else if (!refused.empty()) {
        text += fmt::format("{} not feasible: --why tells the reasons\n", refused.size());
    }
    return text;
}

Json report_json(const LayoutOptions& all) {
    Json json{
        {"ranks", all.ranks}, {"pass", to_string(all.pass)}, {"dispatches", Json::array()}, {"layouts", Json::array()}};
    for (const DispatchFacts& facts : all.dispatches) {
        json["dispatches"].push_back({{"name", facts.name},
                                      {"largest_over_mean", facts.largest_over_mean},
                                      {"padding_tokens", facts.padding_tokens},
                                      {"tiles", facts.tiles ? Json(*facts.tiles) : Json(nullptr)}});
    }
    for (const LayoutOption& layout : best_first(all.layouts)) {
        Json one{{"strategy", layout.strategy}, {"dispatch", layout.dispatch}};
        put_options(layout.options, one);
        if (!layout.infeasible.empty()) {
            one["infeasible"] = layout.infeasible;
        } else {
            one["largest_over_mean"] = layout.largest_over_mean;
            one["bytes_received"] = layout.bytes_received;
            one["memory_bytes"] = layout.memory_bytes;
        }
        json["layouts"].push_back(std::move(one));
    }
    return json;
}

int plan(const PlanOptions& options) {
    const Experiment experiment = read_experiment(options.file, experiment_names());
    if (options.draw >= experiment.sequence.draws) {
        throw bad_input("--draw", std::to_string(options.draw), "is not a draw of the experiment",
                        fmt::format("an integer from 0 to {}", experiment.sequence.draws - 1));
    }
    const CompiledDraw draw = compile_draw(experiment, options.draw);
    LongJob job("plan");
    const LayoutOptions all = layout_options(draw, options.ranks == 0 ? experiment.layout.ranks : options.ranks,
                                             experiment.pass, *job.cancelled());
    job.finish();
    write_output(options.json ? report_json(all).dump(1) + '\n'
                              : report(all, experiment, draw.domain.query_tokens, options.why));
    return exit_done;
}

}  // namespace

void declare_plan(CLI::App& verb, VerbAction& action) {
    auto options = std::make_shared<PlanOptions>();
    verb.add_option("FILE", options->file,
                    fmt::format("The experiment (see {})", resource_path("docs/experiment.md").string()))
        ->required();
    verb.add_option("--ranks", options->ranks, "Ranks, instead of layout.ranks of the experiment")
        ->check(CLI::Range(1, 65536));
    verb.add_option("--draw", options->draw, "Which draw of the documents")->check(CLI::NonNegativeNumber);
    verb.add_flag("--why", options->why, "Also the strategies that are not feasible, with the reasons");
    verb.add_flag("--json", options->json, "Print JSON, with everything");
    verb.callback([options, &action] { action = [options] { return plan(*options); }; });
}

}  // namespace longscope
