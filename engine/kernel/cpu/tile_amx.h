// SPDX-License-Identifier: GPL-3.0-or-later
// The tile variants that multiply on the matrix unit of the processor (AMX), with float32 sums: bfloat16, whose weights
// are rounded as in tile_bfloat16.h, and float32 in parts of bfloat16 (split_unit-inl.h).
#pragma once

#include "engine/kernel/cpu/tile_functions.h"

namespace longscope::cpu {

// Whether the processor has the matrix unit and the operating system lets this process use it, which is asked for with
// the first call (Linux, arch_prctl: ARCH_REQ_XCOMP_PERM).
[[nodiscard]] bool may_use_matrix_unit();

// Built for x86-64 only. Asking for them needs AVX-512 with bfloat16 already.
[[nodiscard]] TileFunctions matrix_unit_functions();
// The same; without decoding, which waits for memory and not for products.
[[nodiscard]] TileFunctions split_unit_functions();

}  // namespace longscope::cpu
