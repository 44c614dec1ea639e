// SPDX-License-Identifier: GPL-3.0-or-later
// What the forward pass costs in either order of the loops, and so which one is taken.
//
// A tile costs what it computes, kept or not, and so much for each row that meets it (the softmax of a row, its output
// rescaled); a gathered row also has to be brought and put back:
//     query-major = (pairs_q + o rows_q) / kept
//     key-major   = (pairs_k + (o + g) rows_k + p visits) / kept
// pairs are computed ones, with the hidden ones of groups whose rows see different columns and those of rows that only
// fill a group up; rows are rows of groups, counted for each tile of keys that the group meets; visits are rows of the
// mask with the tiles that they see: heads that share a key/value head and have the same mask share them; kept are kept
// pairs. The unit is the time of one pair in a full tile. Both are counted on some of the rows, from the plans that the
// kernel computes by; o, g and p are in_tile_pairs(), gather_pairs() and visit_pairs().
//
// Flash Sparse Attention (Yan et al. 2025) compares memory traffic and padding of the two orders on a GPU
// in the same way. There a small ratio of query to key/value heads makes key-major the better one, as the heads of one
// token are padded to a tile; here tiles of neighbouring rows compute pairs that are hidden, and a large ratio makes
// key-major still better, as visits are shared.
#pragma once

#include <string>

#include "engine/kernel/cpu/key_major_plan.h"
#include "engine/kernel/cpu/kind_plans.h"
#include "engine/kernel/cpu/loop_order.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/kernel.h"

namespace longscope::cpu {

// For a kept pair, in times of one pair in a full tile; 0 where nothing is kept.
struct OrderCost {
    double query_major = 0.0;
    double key_major = 0.0;

    // How many times as fast as the other order key-major is.
    [[nodiscard]] double speedup() const { return key_major == 0.0 ? 1.0 : query_major / key_major; }
    // Key-major only where it is faster by more than the prediction may be off.
    [[nodiscard]] LoopOrder cheaper() const { return speedup() > 1.1 ? LoopOrder::key_major : LoopOrder::query_major; }
};

// Pairs in whose time a row passes through a tile, is gathered and put back, and a visit is planned. Measured with 12 x
// 32 register tiles and on a matrix unit (longscope-engine bench attention --only selected); narrower vectors compute
// more slowly and copy as fast.
[[nodiscard]] double in_tile_pairs(const TileGeometry& geometry);
[[nodiscard]] double gather_pairs(const TileGeometry& geometry);
[[nodiscard]] double visit_pairs(const TileGeometry& geometry);

// Of some planned rows of the heads of some key/value heads, whose masks are alike: counted on a few slabs of the first
// of them. Slabs are as large as those of two threads, whatever computes them: the order, and with it the last bits of
// a result, must not depend on the number of threads.
[[nodiscard]] OrderCost order_cost(const AttendInput& input, const KindPlans& plans, Range kv_heads, Range rows,
                                   const TileGeometry& geometry, ThreadTeam& team);

struct OrderChoice {
    LoopOrder order = LoopOrder::query_major;
    // What was predicted; nothing where it was clear without, or where the order was asked for.
    OrderCost cost = {};

    // "key-major, predicted to be 6.1 times as fast as query-major"
    [[nodiscard]] std::string text() const;
};

// The cheaper order of the same. Where most of what query-major computes is kept, as under causal masks and windows, it
// says so without counting, and where a few tiles of rows do, without counting more.
[[nodiscard]] OrderChoice choose_order(const AttendInput& input, const KindPlans& plans, Range kv_heads, Range rows,
                                       const TileGeometry& geometry, ThreadTeam& team);

}  // namespace longscope::cpu
