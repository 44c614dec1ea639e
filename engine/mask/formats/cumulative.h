// SPDX-License-Identifier: GPL-3.0-or-later
// Cumulative lengths [0, ..., n], under whatever name a format has them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/mask/formats/mask_arrays.h"

namespace longscope {

// Ascending from 0 to `total`; neighbours may be equal. Throws Error(bad_input).
[[nodiscard]] std::vector<std::int64_t> read_cumulative(const MaskArrays& arrays, const std::string& name,
                                                        std::int64_t total);

// Below 2^31.
[[nodiscard]] IntegerArray cumulative_array(const std::vector<std::int64_t>& values);

}  // namespace longscope
