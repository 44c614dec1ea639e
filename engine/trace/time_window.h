// SPDX-License-Identifier: GPL-3.0-or-later
// A stretch of time on a trace's clock.
#pragma once

#include "engine/base/clock.h"

namespace longscope {

// The end does not belong to it: windows that follow one another share nothing.
struct TimeWindow {
    Nanoseconds begin_ns = 0;
    Nanoseconds end_ns = 0;

    [[nodiscard]] Nanoseconds length_ns() const { return end_ns - begin_ns; }
    [[nodiscard]] bool operator==(const TimeWindow&) const = default;
};

}  // namespace longscope
