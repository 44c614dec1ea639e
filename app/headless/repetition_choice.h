// SPDX-License-Identifier: GPL-3.0-or-later
// The draw and the repetition of a stored run that --draw and --repetition name.
#pragma once

#include <cstdint>
#include <optional>

#include "storage/records.h"

namespace longscope {

// Both throw Error: bad_input that names --draw or --repetition, failed where
// there is none.
[[nodiscard]] const StoredDraw& find_draw(const StoredRun& run, std::int64_t number);
// Measured; none: the one whose time is the median.
[[nodiscard]] const StoredRepetition& find_repetition(const StoredDraw& draw, std::optional<std::int64_t> number);

}  // namespace longscope
