// SPDX-License-Identifier: GPL-3.0-or-later
// What each rank does in each step as a picture: ranks go down, steps go right, and the shade of a cell is its share of
// the busiest one's work. The cell that is chosen shows what it sends and what it receives.
#pragma once

#include "engine/draw/cell_sheet.h"
#include "engine/draw/display_list.h"
#include "engine/parallel/step_table.h"

namespace longscope {

// Cells are a rank in a step.
[[nodiscard]] CellSheet step_sheet(const StepTable& table, const SheetPictureOptions& options);
[[nodiscard]] DisplayList draw_steps(const StepTable& table, const SheetPictureOptions& options);

}  // namespace longscope
