// SPDX-License-Identifier: GPL-3.0-or-later
// What the multiply-add units of this machine do at most, measured: the figure that kernels are compared with. The
// clock of a shared machine drifts within seconds, so measure it beside what is compared with it.
#pragma once

#include <cstdint>

#include "engine/tensor/dtype.h"

namespace longscope {

struct PeakRate {
    double flops_per_s = 0.0;  // of all threads together
    int threads = 1;
};

// bfloat16 and float16 without arithmetic of their own are computed in float32, and so is their peak.
[[nodiscard]] DType peak_type(DType dtype);

// Keeps `threads` cores busy for about `seconds`.
[[nodiscard]] PeakRate measure_peak(DType dtype, int threads, double seconds);

// Exponentials a second of one thread.
[[nodiscard]] double measure_exponential_rate(double seconds);

// How good the peak itself is: operations a cycle beside what so many units would do, the clock taken from a chain of
// additions that wait for each other.
struct PeakQuality {
    double clock_hz = 0.0;
    double flops_per_cycle = 0.0;  // of one thread
    std::int64_t lanes = 0;        // of float32 in a vector
    // Vectors a cycle that the processor can begin: the next whole number, or one in two or four cycles.
    double units = 0.0;
    // Of units x lanes x 2 operations a cycle (bfloat16 with a dot product of its own: x 4). Above 1 by the error of
    // the measurement.
    double share = 0.0;
};

[[nodiscard]] PeakQuality measure_peak_quality(DType dtype, double seconds);

}  // namespace longscope
