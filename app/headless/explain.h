// SPDX-License-Identifier: GPL-3.0-or-later
// How the ranks of an experiment work together, for people: what each does in each step, and what moves between them.
#pragma once

#include <string>

#include "engine/experiment/experiment.h"
#include "engine/experiment/layout_preview.h"
#include "engine/parallel/checkpoint_account.h"

namespace longscope {

// What a rank keeps between the passes, and what it would cost to keep nothing; nothing of the forward pass alone.
[[nodiscard]] std::string checkpoint_text(const CheckpointAccount& account);
// Throws Error(bad_input) for more ranks than such a table can show.
[[nodiscard]] std::string step_table_text(const LayoutPreview& preview, const Experiment& experiment);

}  // namespace longscope
