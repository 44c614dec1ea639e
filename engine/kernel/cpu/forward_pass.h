// SPDX-License-Identifier: GPL-3.0-or-later
// One forward call over tiles of packed keys, in either order of the loops.
#pragma once

#include <optional>

#include "engine/kernel/cpu/order_cost.h"
#include "engine/kernel/cpu/spare_buffers.h"
#include "engine/kernel/cpu/stored_tiles.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/kernel.h"

namespace longscope::cpu {

// In this order, or, without one, in the order that is predicted to be faster (order_cost.h). Where weights are kept,
// in `stored`, it is query-major. Ends soon when hooks.cancelled becomes true.
void attend_forward(const AttendInput& input, Partial& out, const AttendHooks& hooks, std::optional<LoopOrder> order,
                    const TileFunctions& functions, int threads, SpareBuffers& spare, StoredTiles* stored);

// What is predicted of the whole call; parts of it may be computed in different orders.
[[nodiscard]] OrderCost forward_order_cost(const AttendInput& input, const TileGeometry& geometry, int threads);

}  // namespace longscope::cpu
