// SPDX-License-Identifier: GPL-3.0-or-later
// How the ranks of an experiment work together, for people: what each does in each step, and what moves between them.
#pragma once

#include <string>

#include "engine/experiment/cost.h"
#include "engine/parallel/step_table.h"

namespace longscope {

// Of the experiment's own layout; writes the schedules of all ranks. Throws Error: infeasible with the reason;
// bad_input for more ranks than such a table can show.
[[nodiscard]] StepTable explain_steps(const CompiledDraw& draw);

[[nodiscard]] std::string step_table_text(const StepTable& table, const Experiment& experiment);
[[nodiscard]] Json step_table_json(const StepTable& table);

}  // namespace longscope
