// SPDX-License-Identifier: GPL-3.0-or-later
// How much a mask may be made of.
#pragma once

#include <cstdint>

namespace longscope {

// The zones of all leaves of a mask together: memory takes a few hundred bytes a zone.
inline constexpr std::int64_t max_zones = std::int64_t{1} << 23U;

}  // namespace longscope
