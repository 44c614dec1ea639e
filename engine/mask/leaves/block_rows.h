// SPDX-License-Identifier: GPL-3.0-or-later
// Leaves of kept blocks of a matrix that is cut into rows and columns of blocks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/mask/block_rows_mask.h"
#include "engine/mask/leaf.h"

namespace longscope {

using LeafBlocks = std::function<BlockRows(const MaskDomain& domain, const std::string& path)>;

// A leaf of these parameters. Few blocks are zones, as those of any leaf; many stay rows of blocks.
[[nodiscard]] std::shared_ptr<const MaskLeaf> make_block_leaf(Json parameters, LeafBlocks blocks);

// Blocks of one size; the last one may be smaller.
[[nodiscard]] BlockEdges uniform_edges(std::int64_t tokens, std::int64_t block);

// `kept` of the numbers below `count`, ascending, all choices equally likely: drawn from the stream of the seed that
// belongs to this row, in time that grows with `kept` or with what is left out. By Floyd's algorithm: for each j of the
// last `kept` numbers one is drawn from 0 to j and taken; j itself where that one is there already. Where more than
// half are kept, those that are not are drawn.
[[nodiscard]] std::vector<std::int64_t> drawn_numbers(std::int64_t count, std::int64_t kept, std::uint64_t seed,
                                                      std::uint64_t row);

// The share of `count` that is kept, rounded; at least one.
[[nodiscard]] std::int64_t kept_of(std::int64_t count, double share);

// The share of the blocks of each row, drawn.
[[nodiscard]] BlockRows random_block_rows(BlockEdges rows, BlockEdges columns, double kept, std::uint64_t seed);

// Throws Error(bad_input) when that share of the blocks is more than a mask may have.
void check_block_count(std::int64_t rows, std::int64_t columns, double kept, const std::string& path);

}  // namespace longscope
