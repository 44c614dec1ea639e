// SPDX-License-Identifier: GPL-3.0-or-later
// The registry of leaves as people read it.
#pragma once

#include <string>

#include "engine/mask/leaf.h"

namespace longscope {

// One line each: name, parameters, meaning; for help on a terminal.
[[nodiscard]] std::string leaves_as_text();

// A section each: meaning, definition, parameters, source and an example. resources/docs/masks.md holds it.
[[nodiscard]] std::string leaves_as_markdown();

}  // namespace longscope
