// SPDX-License-Identifier: GPL-3.0-or-later
// The cpu backend with one variant of its own choice, for tests and measurements; make_cpu_kernel() takes the best.
#pragma once

#include <memory>

#include "engine/kernel/cpu/tile_variant.h"
#include "engine/kernel/kernel.h"

namespace longscope::cpu {

// The variant must not refuse the inputs.
[[nodiscard]] std::unique_ptr<Kernel> make_kernel_of(const TileVariant& variant, int threads);

}  // namespace longscope::cpu
