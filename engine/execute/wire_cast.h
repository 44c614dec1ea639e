// SPDX-License-Identifier: GPL-3.0-or-later
// The cast operation of a schedule: the front of a buffer from float32 to a shorter type or back, in place.
#pragma once

#include "engine/execute/rank_buffers.h"
#include "engine/parallel/schedule.h"

namespace longscope {

// Throws Error(failed) when the buffer has not what is to be cast.
void cast_in_place(const Operation& operation, RankBuffers& buffers);

}  // namespace longscope
