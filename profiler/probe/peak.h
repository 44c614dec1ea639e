// SPDX-License-Identifier: GPL-3.0-or-later
// What the multiply-add units of this machine do at most, measured: the figure that kernels are compared with. The
// clock of a shared machine drifts within seconds, so measure it beside what is compared with it.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/tensor/dtype.h"

namespace longscope {

// What multiplies and adds.
enum class PeakUnit {
    float32,      // vectors of float32
    dot_product,  // vectors of pairs of bfloat16
    matrix,       // tiles of bfloat16
};

// "float32", "bfloat16", "bfloat16 on the matrix unit"
[[nodiscard]] std::string_view to_string(PeakUnit unit);
[[nodiscard]] bool has_peak(PeakUnit unit);

// Of vectors: bfloat16 and float16 without arithmetic of their own are computed in float32, and so is their peak.
[[nodiscard]] PeakUnit peak_unit(DType dtype);

struct PeakRate {
    double flops_per_s = 0.0;  // of all threads together
    int threads = 1;
};

// Keeps `threads` cores busy for about `seconds`. For units that has_peak() says are there, as all below.
[[nodiscard]] PeakRate measure_peak(PeakUnit unit, int threads, double seconds);

// Exponentials a second of one thread.
[[nodiscard]] double measure_exponential_rate(double seconds);

// How good the peak itself is: operations a cycle beside what so many units would do, the clock taken from a chain of
// additions that wait for each other.
struct PeakQuality {
    double clock_hz = 0.0;
    double flops_per_cycle = 0.0;  // of one thread
    std::int64_t lanes = 0;        // of float32 in a vector; of a matrix unit the sums of a tile
    // Vectors a cycle that the processor can begin: the next whole number, or one in two or four cycles. Of a matrix
    // unit products of 16 x 2 with 2 x 16, of which it takes 16 cycles for 16.
    double units = 0.0;
    // Of units x lanes x 2 operations a cycle (of bfloat16: x 4). Above 1 by the error of the measurement.
    double share = 0.0;
};

[[nodiscard]] PeakQuality measure_peak_quality(PeakUnit unit, double seconds);

}  // namespace longscope
