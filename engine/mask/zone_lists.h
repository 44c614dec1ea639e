// SPDX-License-Identifier: GPL-3.0-or-later
// Set operations on lists of tight, disjoint zones, in time that grows with the zones that meet, not with the product
// of the lists.
#pragma once

#include "engine/mask/zone.h"

namespace longscope {

// Removes `removed`, whose zones may overlap, from every zone of `zones`.
void subtract(ZoneList& zones, const ZoneList& removed);

void intersect_lists(ZoneList& zones, const ZoneList& others);

void unite_lists(ZoneList& zones, ZoneList others);

}  // namespace longscope
