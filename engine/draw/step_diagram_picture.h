// SPDX-License-Identifier: GPL-3.0-or-later
// How a strategy works, as a picture: ranks from top to bottom, steps to the right, a box for what a rank computes in a
// step, an arrow for what leaves it for another one. Of a few ranks; every arrow is drawn.
#pragma once

#include <string>

#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"
#include "engine/parallel/step_diagram.h"

namespace longscope {

struct StepDiagramOptions {
    Theme theme = light_theme();
    std::string title;  // for the metadata of the file
};

[[nodiscard]] DisplayList draw_step_diagram(const StepDiagram& diagram, const StepDiagramOptions& options);

}  // namespace longscope
