// SPDX-License-Identifier: GPL-3.0-or-later
// The cpu backend with one variant or order of loops of its own choice, for tests and measurements; make_cpu_kernel()
// takes the best.
#pragma once

#include <memory>
#include <optional>

#include "engine/kernel/cpu/loop_order.h"
#include "engine/kernel/cpu/tile_variant.h"
#include "engine/kernel/kernel.h"

namespace longscope::cpu {

// The variant must not refuse the inputs. Forward in this order of the loops, or in the one predicted to be faster.
[[nodiscard]] std::unique_ptr<Kernel> make_kernel_of(const TileVariant& variant, int threads,
                                                     std::optional<LoopOrder> order = std::nullopt);
// Of the best variant for each call.
[[nodiscard]] std::unique_ptr<Kernel> make_kernel_in(LoopOrder order, int threads);

}  // namespace longscope::cpu
