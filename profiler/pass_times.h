// SPDX-License-Identifier: GPL-3.0-or-later
// How long each rank was busy with each pass, without what it stood still for the others after its own end.
#pragma once

#include <vector>

#include "engine/base/clock.h"
#include "engine/trace/trace.h"

namespace longscope {

struct PassTimes {
    std::vector<Nanoseconds> forward_ns;  // by rank: from its first event to its barrier, or to its last event
    std::vector<Nanoseconds>
        backward_ns;  // by rank: from the end of its barrier to its last event; empty: no such pass
};

// Of one repetition whose events are all there. Throws Error(failed) for an event of a rank that the trace does not
// have.
[[nodiscard]] PassTimes pass_times(const Trace& trace);

}  // namespace longscope
