// SPDX-License-Identifier: GPL-3.0-or-later
// The registries of leaves and presets as people read them.
#pragma once

#include <cstdint>
#include <string>

#include "engine/mask/leaf.h"

namespace longscope {

// One line each: name, parameters, meaning; for help on a terminal.
[[nodiscard]] std::string leaves_as_text();

// Of the picture of a leaf on that page: resources/docs/pictures/leaves holds them.
[[nodiscard]] std::string leaf_picture_name(const LeafEntry& leaf);
inline constexpr std::int32_t leaf_picture_points = 192;  // along its longer side

// A section each: picture, meaning, definition, parameters, source and an example. resources/docs/masks.md holds it.
[[nodiscard]] std::string leaves_as_markdown();

// One line each: name, meaning, source.
[[nodiscard]] std::string presets_as_text();

// A table with the expressions too; for the same page.
[[nodiscard]] std::string presets_as_markdown();

}  // namespace longscope
