// SPDX-License-Identifier: GPL-3.0-or-later
// The variants of the cpu kernel: which arithmetic for which type on which processor. To add one: a file that fills in
// its TileFunctions, one line in tile_variants.cpp.
#pragma once

#include <string>
#include <vector>

#include "engine/kernel/cpu/tile_functions.h"
#include "engine/tensor/dtype.h"

namespace longscope::cpu {

struct TileVariant {
    std::string name;                   // for people: "float32 AVX3"
    DType arithmetic = DType::float32;  // what products are taken in; sums are always float32
    std::string (*refuses)(DType inputs, std::int64_t simd_target) = nullptr;
    std::int64_t simd_target = 0;  // Highway's bit of it
    TileFunctions functions;

    // Why this processor or these inputs cannot have it, in one line; empty when they can.
    [[nodiscard]] std::string refusal(DType inputs) const { return refuses(inputs, simd_target); }
};

inline constexpr const char* matrix_unit_variant = "bfloat16 AMX";

// Best first.
[[nodiscard]] const std::vector<TileVariant>& tile_variants();

// The environment variable that asks for a lower variant.
inline constexpr const char* variant_variable = "LONGSCOPE_CPU_VARIANT";

// The first one that does not refuse, or the first of those whose name ends with what
// LONGSCOPE_CPU_VARIANT says. There is always one. Throws Error(bad_input) when none that takes this type has such a
// name.
[[nodiscard]] const TileVariant& choose_tile_variant(DType inputs);

}  // namespace longscope::cpu
