// SPDX-License-Identifier: GPL-3.0-or-later
// Display lists as SVG. Written here because cairo turns every text of an SVG into outlines: as <text> it can be
// searched, copied and read aloud, and the file is small.
#pragma once

#include <string>

#include "engine/draw/display_list.h"

namespace longscope {

// The whole file. Throws Error(failed) when cairo cannot encode the image of a cell grid.
[[nodiscard]] std::string svg_of(const DisplayList& list);

}  // namespace longscope
