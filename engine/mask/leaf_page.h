// SPDX-License-Identifier: GPL-3.0-or-later
// The registries of leaves, orders and presets as people read them.
#pragma once

#include <cstdint>
#include <string>

#include "engine/mask/leaf.h"
#include "engine/mask/token_order.h"

namespace longscope {

// One line each: name, parameters, meaning; for help on a terminal.
[[nodiscard]] std::string leaves_as_text();

// Of the picture of a leaf on that page: resources/docs/pictures/leaves holds them.
[[nodiscard]] std::string leaf_picture_name(const LeafEntry& leaf);
inline constexpr std::int32_t leaf_picture_points = 192;  // along its longer side

// A section each: picture, meaning, definition, parameters, source and an example. resources/docs/masks.md holds it.
[[nodiscard]] std::string leaves_as_markdown();

// The orders of tokens: one line each, and a section each with the picture of a window in that order.
[[nodiscard]] std::string orders_as_text();
[[nodiscard]] std::string orders_as_markdown();
[[nodiscard]] std::string order_picture_name(const OrderEntry& order);

// One line each: name, meaning, source.
[[nodiscard]] std::string presets_as_text();

// A table with the expressions too; for the same page.
[[nodiscard]] std::string presets_as_markdown();

}  // namespace longscope
