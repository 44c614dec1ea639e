// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/experiment/layout_preview.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/thread_team.h"
#include "engine/base/units.h"
#include "engine/parallel/strategy.h"

namespace longscope {

LayoutPreview preview_layout(const CompiledDraw& draw, const std::atomic<bool>& cancelled) {
    const Experiment& experiment = draw.experiment;
    const std::vector<TokenSet>& tokens = *draw.ranks;
    const auto ranks = static_cast<std::int64_t>(tokens.size());
    if (ranks > max_previewed_ranks) {
        throw bad_input("layout.ranks", std::to_string(ranks), "are too many to show step by step",
                        fmt::format("1 to {}", max_previewed_ranks));
    }
    const StrategyEntry& strategy = find_strategy(experiment.layout.strategy);
    const StrategyInput first{
        experiment.shape, *draw.masks, tokens, 0, experiment.layout.options, nullptr, experiment.sequence.query_tokens};
    require_feasible(strategy, first, experiment.pass);
    const StrategyInput prepared = strategy.prepared(first);
    std::vector<StepTableRow> rows(tokens.size());
    std::vector<CheckpointAccount> accounts(tokens.size());
    LayoutPreview preview;
    preview.memory.resize(tokens.size());
    if (strategy.planned != nullptr) {
        preview.planned = strategy.planned(prepared, experiment.pass);
    }
    ThreadTeam().for_each(ranks, [&](std::int64_t rank) {
        if (cancelled) {
            throw Error(ErrorKind::cancelled, "cancelled");
        }
        const auto at = static_cast<std::size_t>(rank);
        StrategyInput input = prepared;
        input.rank = rank;
        const Schedule schedule = strategy.write(experiment.pass, input);
        rows[at] = step_table_row(schedule);
        preview.memory[at] = memory_profile(schedule, experiment.shape, input.held());
        accounts[at] = checkpoint_account(schedule);
    });
    for (const CheckpointAccount& account : accounts) {
        preview.checkpoint.add(account);
    }
    preview.steps = step_table(std::move(rows));
    return preview;
}

std::string layout_caption(const Experiment& experiment, const LayoutPreview& preview) {
    const StepTable& steps = preview.steps;
    std::int64_t peak = 0;
    for (const MemoryProfile& memory : preview.memory) {
        peak = std::max(peak, memory.peak_bytes());
    }
    return fmt::format("{} over {} {}, dispatch {}, {}: {} {}, {} moved, peak {} on one rank",
                       strategy_text(experiment.layout.strategy, experiment.layout.options), steps.ranks.size(),
                       steps.ranks.size() == 1 ? "rank" : "ranks", experiment.layout.dispatch,
                       to_string(experiment.pass), steps.steps(), steps.steps() == 1 ? "step" : "steps",
                       format_bytes(steps.bytes_moved()), format_bytes(peak));
}

std::string strategy_text(std::string_view strategy, const StrategyOptions& options) {
    const std::string asked = to_string(options);
    return asked.empty() ? std::string(strategy) : fmt::format("{} ({})", strategy, asked);
}

}  // namespace longscope
