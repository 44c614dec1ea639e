// SPDX-License-Identifier: GPL-3.0-or-later
// Zones after a permutation of rows and columns, where these are zones again: pieces of the permutation that meet a
// zone each hold a part of it, and equal steps on both sides keep a diagonal a diagonal.
#pragma once

#include <optional>

#include "engine/mask/permutation.h"
#include "engine/mask/zone_tree.h"

namespace longscope {

// The tree of the mask in which position q holds the query rows.token(q), and position k the key columns.token(k).
// Nothing where a part is no zone, or where zones or their pieces become very many: the mask is then asked row by row
// (permuted_mask.h). Takes a fraction of a second at most.
[[nodiscard]] std::optional<ZoneTree> permuted(const ZoneTree& tree, const Permutation& rows,
                                               const Permutation& columns);

}  // namespace longscope
