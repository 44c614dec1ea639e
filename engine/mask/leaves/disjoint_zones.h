// SPDX-License-Identifier: GPL-3.0-or-later
// Zones that others list may overlap; a leaf's zones must not.
#pragma once

#include <string>

#include "engine/mask/leaf.h"

namespace longscope {

// Throws Error(bad_input), naming two of the zones and a pair that is in both, unless no two of them meet. They are
// tight. Takes time in proportion to the zones that share rows and come near one another; more than that is refused.
void check_disjoint(const ZoneList& zones, const std::string& field);

}  // namespace longscope
