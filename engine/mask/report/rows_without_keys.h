// SPDX-License-Identifier: GPL-3.0-or-later
// Queries that see no key: their output is 0, which is rarely what was meant.
#pragma once

#include <cstdint>

#include "engine/mask/lazy_mask.h"
#include "engine/mask/mask.h"
#include "engine/mask/striped_zone.h"

namespace longscope {

struct RowsWithoutKeys {
    std::int64_t count = 0;
    std::int64_t first = -1;  // -1: there is none
};

// `set` is that of the mask, tight. Where stripes are, rows that no other zone has are looked at one by one.
[[nodiscard]] RowsWithoutKeys rows_without_keys(const ZoneSet& set, const Mask& mask);
// The same of some of its rows, whose zones these are.
[[nodiscard]] RowsWithoutKeys rows_without_keys(const ZoneSet& set, const Mask& mask, Range rows);
// Slab by slab.
[[nodiscard]] RowsWithoutKeys rows_without_keys(const LazyMask& mask);

}  // namespace longscope
