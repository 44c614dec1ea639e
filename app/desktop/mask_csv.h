// SPDX-License-Identifier: GPL-3.0-or-later
// What a mask's canvas shows as a table: the densities of a part of it, one cell a line. For any thread.
#pragma once

#include <string>

#include "engine/mask/zone.h"
#include "widgets/mask/shown_mask.h"

namespace longscope {

// Beside another mask: the shares that both keep, that only this one and that only the other keeps.
[[nodiscard]] std::string densities_as_csv(const ShownMask& shown, const Box& box);

}  // namespace longscope
