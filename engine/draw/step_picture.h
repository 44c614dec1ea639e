// SPDX-License-Identifier: GPL-3.0-or-later
// What each rank does in each step as a picture: ranks go down, steps go right, and the shade of a cell is its share of
// the busiest one's work. The cell that is chosen shows what it sends and what it receives.
#pragma once

#include <optional>
#include <string>

#include "engine/draw/cell_sheet.h"
#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"
#include "engine/parallel/step_table.h"

namespace longscope {

struct StepPictureOptions {
    Theme theme = light_theme();
    // With a title the picture stands alone: it has a caption, margins, and the height that it needs, at most that of
    // the view.
    std::string title;
    std::string caption;
    SheetView view = {};
    std::optional<CellPlace> chosen;  // rank, step
};

// Where the cells stand in the picture.
[[nodiscard]] CellSheet step_sheet(const StepTable& table, const StepPictureOptions& options);
[[nodiscard]] DisplayList draw_steps(const StepTable& table, const StepPictureOptions& options);

}  // namespace longscope
