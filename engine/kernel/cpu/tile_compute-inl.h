// SPDX-License-Identifier: GPL-3.0-or-later
// All functions of a tile variant over its multiply-add.
// Included by files that are compiled for one instruction set or, by Highway, once for every one; hence no #pragma once
// but Highway's toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_TILE_COMPUTE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_COMPUTE_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_COMPUTE_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_TILE_COMPUTE_INL_H
#endif

#include "engine/kernel/cpu/tile_backward-inl.h"
#include "engine/kernel/cpu/tile_decode-inl.h"
#include "engine/kernel/cpu/tile_forward-inl.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/cpu/tile_gathering-inl.h"
#include "engine/kernel/cpu/tile_packing-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

template <class Arithmetic>
TileFunctions tile_functions() {
    return {{.lanes = lanes,
             .panel = panel,
             .row_group = row_group,
             .q_tile = q_tile,
             .k_tile = k_tile,
             .backward_q_tile = backward_q_tile,
             .backward_k_tile = backward_k_tile,
             .score_stride = ScoreRows<Arithmetic>::stride,
             .unit = Arithmetic::unit,
             .block_elements = Arithmetic::unit},
            pack_groups<Arithmetic>,
            pack_columns<Arithmetic>,
            pack_rows<Arithmetic>,
            attend_tile<Arithmetic>,
            attend_tile_backward<Arithmetic>,
            pack_decode_queries,
            decode_tile,
            pack_units<Arithmetic>,
            gather_groups};
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
