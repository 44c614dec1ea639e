// SPDX-License-Identifier: GPL-3.0-or-later
// Operations on sets of disjoint zones, striped ones among them. Those without are as fast as on lists (zone_lists.h).
#pragma once

#include "engine/mask/striped_zone.h"

namespace longscope {

// Each replaces `set`; the last one leaves in `others` what it added. May throw Error(bad_input): see striped_zone.h.
void subtract(ZoneSet& set, const ZoneSet& removed);
void intersect_sets(ZoneSet& set, const ZoneSet& others);
void unite_sets(ZoneSet& set, ZoneSet& others);

}  // namespace longscope
