// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/probe/busy_loops.h"

namespace longscope {

double run_clock_chain(std::int64_t rounds) {
    constexpr int additions = 16;
    std::uint64_t sum = 1;
    // In a register that the compiler does not know: some processors add constants without a cycle.
    std::uint64_t step = 3;
    asm volatile("" : "+r"(step));
    for (std::int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
        for (int i = 0; i < additions; ++i) {
            sum += step;
            // Opaque to the compiler, which could otherwise fold the additions into one.
            asm volatile("" : "+r"(sum));
        }
    }
    return additions * static_cast<double>(rounds);
}

}  // namespace longscope
