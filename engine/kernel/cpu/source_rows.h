// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of a caller's tensor as float32 to be packed.
#pragma once

#include <vector>

#include "engine/kernel/cpu/tile_functions.h"
#include "engine/mask/zone.h"
#include "engine/tensor/head_view.h"

namespace longscope::cpu {

// float32 is read where it lies, unless in several pages; those and other types are copied into `scratch`, which must
// live as long as the result.
[[nodiscard]] SourceRows source_rows(const HeadView& view, std::int64_t head, Range rows, std::vector<float>& scratch);

// False when there is a NaN or an infinity among them.
[[nodiscard]] bool all_finite(const SourceRows& rows);

// The same, and also false when all of them are so small that products lose digits (TileGeometry::smallest_operand).
[[nodiscard]] bool are_exact(const SourceRows& rows, const TileGeometry& geometry);

}  // namespace longscope::cpu
