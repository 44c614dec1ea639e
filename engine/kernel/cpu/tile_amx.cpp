// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled with the flags of its instruction set (CMakeLists.txt). Nothing of the standard library may be instantiated
// here: the linker could choose such a copy for the whole program.
#include "engine/kernel/cpu/tile_amx.h"

#define HWY_COMPILE_ONLY_STATIC
#include <hwy/highway.h>

#include "engine/kernel/cpu/matrix_backward-inl.h"
#include "engine/kernel/cpu/matrix_decode-inl.h"
#include "engine/kernel/cpu/matrix_forward-inl.h"

namespace longscope::cpu {

TileFunctions matrix_unit_functions() {
    namespace matrix = N_AVX3;
    return {{matrix::lanes, matrix::panel, matrix::matrix_rows, matrix::matrix_q_tile, matrix::k_tile,
             matrix::backward_q_tile, matrix::backward_k_tile, matrix::MatrixUnit::unit, matrix::tile_units},
            matrix::pack_matrix_rows,
            matrix::pack_matrix_columns,
            matrix::pack_rows<matrix::MatrixUnit>,
            matrix::attend_matrix_tile,
            matrix::attend_matrix_tile_backward,
            matrix::pack_matrix_decode_queries,
            matrix::decode_matrix_tile,
            matrix::pack_matrix_units,
            matrix::gather_matrix_rows};
}

}  // namespace longscope::cpu
