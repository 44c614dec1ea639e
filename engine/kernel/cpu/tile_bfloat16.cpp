// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled with the flags of its instruction set (CMakeLists.txt). Nothing of the standard library may be instantiated
// here: the linker could choose such a copy for the whole program.
#include "engine/kernel/cpu/tile_bfloat16.h"

#define HWY_COMPILE_ONLY_STATIC
#include <hwy/highway.h>

#include "engine/kernel/cpu/bfloat16_arithmetic-inl.h"
#include "engine/kernel/cpu/dot_decode-inl.h"
#include "engine/kernel/cpu/tile_compute-inl.h"

namespace longscope::cpu {

TileFunctions bfloat16_functions() {
    TileFunctions functions = N_AVX3::tile_functions<N_AVX3::Bfloat16>();
    functions.pack_decode_queries = N_AVX3::pack_dot_queries;
    functions.decode_tile = N_AVX3::decode_dot_tile;
    return functions;
}

}  // namespace longscope::cpu
