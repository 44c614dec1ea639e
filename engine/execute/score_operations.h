// SPDX-License-Identifier: GPL-3.0-or-later
// The operations of a schedule over score rows that are kept: scores, softmax, weigh_values and their ways back.
#pragma once

#include "engine/execute/rank_buffers.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/layer_scoring.h"
#include "engine/mask/head_masks.h"
#include "engine/parallel/schedule.h"

namespace longscope {

struct ScoreContext {
    const HeadMasks& masks;
    const LayerScoring& scoring;
    int threads = 1;
};

// Throws Error: failed when the buffers do not fit together, cancelled.
void compute_with_scores(const Operation& operation, RankBuffers& buffers, const ScoreContext& context,
                         const AttendHooks& hooks);

}  // namespace longscope
