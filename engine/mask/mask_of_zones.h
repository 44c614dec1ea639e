// SPDX-License-Identifier: GPL-3.0-or-later
// A mask from disjoint zones that came from somewhere else than an expression.
#pragma once

#include <memory>

#include "engine/mask/mask.h"
#include "engine/mask/striped_zone.h"

namespace longscope {

// The zones lie inside the matrix and are disjoint. Memory is proportional to them: rows are cut into slabs where zones
// begin and end, but not so often that long zones fall into more pieces than there are others.
[[nodiscard]] std::unique_ptr<Mask> mask_of_zones(std::int64_t query_tokens, std::int64_t key_tokens, ZoneList zones);
[[nodiscard]] std::unique_ptr<Mask> mask_of_zones(std::int64_t query_tokens, std::int64_t key_tokens, ZoneSet set);

}  // namespace longscope
