// SPDX-License-Identifier: GPL-3.0-or-later
// Where training sets its checkpoint: at the attention's output, whose rows and sums a rank then keeps until the
// backward pass, or at its inputs, from which the forward pass is computed again (Li et al. 2023, "DistFlashAttn",
// arXiv 2310.03294, section 3.3). Schedules do the first; what the second would save and cost follows from them.
#pragma once

#include <cstdint>

#include "engine/parallel/schedule.h"

namespace longscope {

struct CheckpointAccount {
    std::int64_t kept_bytes = 0;  // buffers that the forward pass leaves to the backward pass, with room that both use
    // Of the forward pass, which a checkpoint at the inputs does again.
    double forward_flops = 0;
    std::int64_t forward_bytes_received = 0;
    // Of both passes, as scheduled.
    double flops = 0;
    std::int64_t bytes_received = 0;

    // Adds what is of another rank; what is kept is the most of any.
    void add(const CheckpointAccount& rank);
};

// Of one rank. A schedule of the forward pass alone keeps nothing.
[[nodiscard]] CheckpointAccount checkpoint_account(const Schedule& schedule);

}  // namespace longscope
