// SPDX-License-Identifier: GPL-3.0-or-later
// Lists of zones that grow with the square of their length when rows are cut where zones begin and end.
#pragma once

#include <string>

#include "engine/mask/leaf.h"

namespace longscope {

// Throws Error(bad_input) when the zones, each counted once for every cut of the rows that it spans, are more than a
// mask may have.
void check_slab_zones(const ZoneList& zones, const std::string& path);

}  // namespace longscope
