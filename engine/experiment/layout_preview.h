// SPDX-License-Identifier: GPL-3.0-or-later
// What the ranks of an experiment do, send and hold, from their schedules alone: nothing runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/experiment/cost.h"
#include "engine/parallel/checkpoint_account.h"
#include "engine/parallel/memory_profile.h"
#include "engine/parallel/step_table.h"

namespace longscope {

// Above so many ranks nobody could read the tables, and writing all schedules takes long.
inline constexpr std::int64_t max_previewed_ranks = 256;

struct LayoutPreview {
    StepTable steps;
    std::vector<MemoryProfile> memory;  // of each rank
    CheckpointAccount checkpoint;       // of all ranks
    std::string planned;                // StrategyEntry::planned; empty where nothing is
};

// Of the draw's own layout; writes the schedules of all ranks, each of which is let go of before many others are
// written. Throws Error: infeasible with the reason; bad_input for more ranks than are shown; cancelled.
[[nodiscard]] LayoutPreview preview_layout(const CompiledDraw& draw, const std::atomic<bool>& cancelled);

// The layout and what it comes to, in one line.
[[nodiscard]] std::string layout_caption(const Experiment& experiment, const LayoutPreview& preview);
// "usp (ulysses 4)": a strategy with what was chosen for it.
[[nodiscard]] std::string strategy_text(std::string_view strategy, const StrategyOptions& options);

}  // namespace longscope
