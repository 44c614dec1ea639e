// SPDX-License-Identifier: GPL-3.0-or-later
// What a box holds beside a set of zones.
#pragma once

#include "engine/mask/striped_zone.h"

namespace longscope {

// Replaces `set`, whose zones lie in the box, by the pairs of the box that it does not hold. May throw
// Error(bad_input): see striped_zone.h.
void complement(const Box& box, ZoneSet& set);

}  // namespace longscope
