// SPDX-License-Identifier: GPL-3.0-or-later
// Queries that see no key: their output is 0, which is rarely what was meant.
#pragma once

#include <cstdint>

#include "engine/mask/zone.h"

namespace longscope {

struct RowsWithoutKeys {
    std::int64_t count = 0;
    std::int64_t first = -1;  // -1: there is none
};

// `zones` are those of the mask, tight.
[[nodiscard]] RowsWithoutKeys rows_without_keys(const ZoneList& zones, std::int64_t query_tokens);

}  // namespace longscope
