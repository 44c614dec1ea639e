// SPDX-License-Identifier: GPL-3.0-or-later
// RapidCheck generators of matrices of cells: of single pairs, and of upright runs that reach over some rows.
#pragma once

#include <rapidcheck.h>

#include <cstdint>

#include "tests/support/mask_cells.h"

namespace longscope {

// `kept_of_8`: how many of eight cells are kept, about.
[[nodiscard]] rc::Gen<MaskPictureText> random_cells(std::int64_t most_tokens = 20);

// Some cells, perhaps none, turned from kept to masked or back.
[[nodiscard]] MaskPictureText with_some_flipped(MaskPictureText cells);

}  // namespace longscope
