// SPDX-License-Identifier: GPL-3.0-or-later
// Published masks that are compositions of leaves, under the names that they have there. To add one: an entry.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace longscope {

struct MaskPreset {
    std::string_view name;  // lower case, words joined by "_"
    std::string_view meaning;
    std::string_view source;
    std::string_view expression;  // JSON
    std::int64_t tokens = 8192;   // of the shortest sequence that it suits
};

// In the order in which they are listed: the masks of LongCA-bench in its own order first.
[[nodiscard]] const std::vector<MaskPreset>& mask_presets();

// Null when there is none of that name.
[[nodiscard]] const MaskPreset* find_mask_preset(std::string_view name);

}  // namespace longscope
