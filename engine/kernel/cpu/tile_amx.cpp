// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled with the flags of its instruction set (CMakeLists.txt). Nothing of the standard library may be instantiated
// here: the linker could choose such a copy for the whole program.
#include "engine/kernel/cpu/tile_amx.h"

#define HWY_COMPILE_ONLY_STATIC
#include <hwy/highway.h>

#include "engine/kernel/cpu/matrix_backward-inl.h"
#include "engine/kernel/cpu/matrix_decode-inl.h"
#include "engine/kernel/cpu/matrix_forward-inl.h"
#include "engine/kernel/cpu/split_packing-inl.h"
#include "engine/kernel/cpu/split_unit-inl.h"

namespace longscope::cpu {

TileFunctions matrix_unit_functions() {
    namespace matrix = N_AVX3;
    return {{.lanes = matrix::lanes,
             .panel = matrix::panel,
             .row_group = matrix::matrix_rows,
             .q_tile = matrix::matrix_q_tile,
             .k_tile = matrix::k_tile,
             .backward_q_tile = matrix::backward_q_tile,
             .backward_k_tile = matrix::backward_k_tile,
             .score_stride = matrix::ScoreRows<matrix::MatrixUnit>::stride,
             .unit = matrix::MatrixUnit::unit,
             .block_elements = matrix::block_elements,
             .block_units = matrix::MatrixUnit::block_units},
            matrix::pack_matrix_rows,
            matrix::pack_matrix_columns,
            matrix::pack_rows<matrix::MatrixUnit>,
            matrix::attend_matrix_tile<matrix::MatrixUnit>,
            matrix::attend_matrix_tile_backward<matrix::MatrixUnit>,
            matrix::pack_matrix_decode_queries,
            matrix::decode_matrix_tile,
            matrix::pack_matrix_units,
            matrix::gather_matrix_rows};
}

TileFunctions split_unit_functions() {
    namespace matrix = N_AVX3;
    TileFunctions functions;
    functions.geometry = {.lanes = matrix::lanes,
                          .panel = matrix::panel,
                          .row_group = matrix::matrix_rows,
                          .q_tile = matrix::matrix_q_tile,
                          .k_tile = matrix::k_tile,
                          .backward_q_tile = matrix::backward_q_tile,
                          .backward_k_tile = matrix::backward_k_tile,
                          .score_stride = matrix::ScoreRows<matrix::SplitUnit>::stride,
                          .unit = matrix::SplitUnit::unit,
                          .block_elements = matrix::block_elements,
                          .block_units = matrix::SplitUnit::block_units,
                          .smallest_operand = matrix::smallest_split};
    functions.pack_groups = matrix::pack_split_groups;
    functions.pack_columns = matrix::pack_split_columns;
    functions.pack_rows = matrix::pack_split_rows;
    functions.attend_tile = matrix::attend_matrix_tile<matrix::SplitUnit>;
    functions.attend_tile_backward = matrix::attend_matrix_tile_backward<matrix::SplitUnit>;
    functions.pack_units = matrix::pack_split_units;
    functions.gather_groups = matrix::gather_matrix_rows;
    return functions;
}

}  // namespace longscope::cpu
