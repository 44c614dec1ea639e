// SPDX-License-Identifier: GPL-3.0-or-later
// A mask as a small picture without words: queries down, keys right, shaded by density; documents outlined.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"
#include "engine/mask/mask.h"

namespace longscope {

// `side` points for the longer side, and a point on each side of the picture for its frame; as many cells, or one a
// token where there are fewer tokens. `cu_seqlens` may be empty.
[[nodiscard]] DisplayList draw_mask_thumbnail(const Mask& mask, const std::vector<std::int64_t>& cu_seqlens,
                                              std::int32_t side, const Theme& theme);

}  // namespace longscope
