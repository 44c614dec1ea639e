// SPDX-License-Identifier: GPL-3.0-or-later
// Tile arithmetic in float32, once for each instruction set of this build.
#pragma once

#include <vector>

#include "engine/kernel/cpu/tile_functions.h"

namespace longscope::cpu {

struct SimdFunctions {
    std::int64_t target = 0;  // Highway's bit of it
    TileFunctions functions;
};

// Widest first; the last one runs everywhere. Without functions where this processor lacks the instructions.
[[nodiscard]] std::vector<SimdFunctions> float32_functions();

}  // namespace longscope::cpu
