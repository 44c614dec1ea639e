// SPDX-License-Identifier: GPL-3.0-or-later
// In intrinsics, as the kernel (engine/kernel/cpu/matrix_unit-inl.h).
#include "profiler/probe/busy_loops.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "engine/kernel/cpu/tile_amx.h"
#endif

#include "engine/base/error.h"

namespace longscope {

#if defined(__x86_64__)

namespace {

// A product takes a tile of 16 x 32 and one of 32 x 16 elements, and waits for the one before into the same sums (52
// cycles, where it takes 16: Intel's optimization manual, section 20.5).
constexpr int sums = 4;
constexpr double flops_of_product = 2.0 * 16 * 16 * 32;

struct alignas(64) Configuration {
    std::uint8_t palette = 1;
    std::uint8_t start_row = 0;
    std::uint8_t reserved[14] = {};
    std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(Configuration) == 64);

__attribute__((target("amx-tile,amx-bf16"))) double loop(std::int64_t rounds) {
    const Configuration tiles;
    // The compiler takes the instruction to read the first eight bytes alone.
    asm volatile("" : : "r"(&tiles) : "memory");
    _tile_loadconfig(&tiles);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
    for (std::int64_t round = 0; round < rounds; ++round) {
        _tile_dpbf16ps(0, 4, 5);
        _tile_dpbf16ps(1, 4, 5);
        _tile_dpbf16ps(2, 4, 5);
        _tile_dpbf16ps(3, 4, 5);
    }
    _tile_release();
    return flops_of_product * sums * static_cast<double>(rounds);
}

}  // namespace

bool has_matrix_unit() {
    return cpu::may_use_matrix_unit();
}

double run_matrix_unit_loop(std::int64_t rounds) {
    return loop(rounds);
}

#else

bool has_matrix_unit() {
    return false;
}

double run_matrix_unit_loop(std::int64_t /*rounds*/) {
    throw Error(ErrorKind::unsupported, "this processor has no matrix unit");
}

#endif

}  // namespace longscope
