// SPDX-License-Identifier: GPL-3.0-or-later
// The gather, scatter and scatter_add operations of a schedule: blocks of all ranks between a buffer and a message.
#pragma once

#include "engine/execute/rank_buffers.h"
#include "engine/parallel/schedule.h"

namespace longscope {

// The layout of the blocks is that of engine/parallel/schedule.h. Throws Error(failed) when they do not fit.
void copy_blocks(const Operation& operation, RankBuffers& buffers);

}  // namespace longscope
