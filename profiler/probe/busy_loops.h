// SPDX-License-Identifier: GPL-3.0-or-later
// Loops that do nothing but keep one kind of unit of one core busy: what a processor can do at most.
// Each runs on the calling thread and touches no memory beyond the first-level cache.
#pragma once

#include <cstdint>

#include "engine/tensor/dtype.h"

namespace longscope {

// Float32 multiply-adds on registers, in the widest vectors of this machine. Returns the floating-point operations
// done: two for each multiply-add of each lane.
double run_float32_loop(std::int64_t rounds);
// Lanes of float32 in a vector of that loop.
[[nodiscard]] std::int64_t float32_lanes();

// The same of the dot product of pairs of bfloat16 with float32 sums: four operations for each lane of float32.
// Call it only where has_bfloat16_dot_product().
double run_bfloat16_loop(std::int64_t rounds);
[[nodiscard]] bool has_bfloat16_dot_product();

// Products of bfloat16 tiles with float32 sums on the matrix unit (AMX), which multiplies zeros no faster than others.
// Call it only where has_matrix_unit(); the operating system is asked for leave then.
double run_matrix_unit_loop(std::int64_t rounds);
[[nodiscard]] bool has_matrix_unit();

// The exponentials of the cpu kernel over a row of scores in the first-level cache, with their scale, sum, load and
// store. Returns how many.
double run_exponential_loop(std::int64_t rounds);

// Reads memory once, and nothing else, as fast as it can be read; returns the sum of what it read (of whole groups of
// four vectors). The memory is aligned to vectors.
float read_floats(const float* from, std::int64_t count);

// Integer additions of which each waits for the one before: one cycle each. Returns the cycles.
double run_clock_chain(std::int64_t rounds);

}  // namespace longscope
