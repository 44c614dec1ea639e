// SPDX-License-Identifier: GPL-3.0-or-later
// In intrinsics: Debian 12's Highway (1.0.3) has no dot product of bfloat16 by vdpbf16ps.
#include "profiler/probe/busy_loops.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "engine/base/error.h"

namespace longscope {

#if defined(__x86_64__)

namespace {

// The latency of vdpbf16ps is longer than that of a float32 multiply-add, and AVX-512 has registers enough.
constexpr int chains = 24;

__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"))) double loop(std::int64_t rounds) {
    const __m512bh ones = reinterpret_cast<__m512bh>(_mm512_set1_epi16(0x3F80));
    __m512 sums[chains];
#pragma GCC unroll 24
    for (int i = 0; i < chains; ++i) {
        sums[i] = _mm512_set1_ps(static_cast<float>(i));
    }
    for (std::int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 24
        for (int i = 0; i < chains; ++i) {
            sums[i] = _mm512_dpbf16_ps(sums[i], ones, ones);
        }
    }
    __m512 total = _mm512_setzero_ps();
#pragma GCC unroll 24
    for (int i = 0; i < chains; ++i) {
        total = _mm512_add_ps(total, sums[i]);
    }
    const double used = _mm512_cvtss_f32(total) > 0.0F ? 1.0 : 0.0;
    return used * 4.0 * 16.0 * chains * static_cast<double>(rounds);
}

}  // namespace

bool has_bfloat16_dot_product() {
    return __builtin_cpu_supports("avx512bf16") != 0 && __builtin_cpu_supports("avx512bw") != 0;
}

double run_bfloat16_loop(std::int64_t rounds) {
    return loop(rounds);
}

#else

bool has_bfloat16_dot_product() {
    return false;
}

double run_bfloat16_loop(std::int64_t /*rounds*/) {
    throw Error(ErrorKind::unsupported, "this processor has no dot product of bfloat16");
}

#endif

}  // namespace longscope
