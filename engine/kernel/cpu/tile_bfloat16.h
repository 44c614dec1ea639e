// SPDX-License-Identifier: GPL-3.0-or-later
// The tile variant that multiplies bfloat16 with float32 sums, where the processor has a dot product for that
// (vdpbf16ps). Weights are rounded to bfloat16 before they meet the values; their sum is taken before.
#pragma once

#include "engine/kernel/cpu/tile_functions.h"

namespace longscope::cpu {

// Built for x86-64 only. Asking for them needs AVX-512 with bfloat16 already.
[[nodiscard]] TileFunctions bfloat16_functions();

}  // namespace longscope::cpu
