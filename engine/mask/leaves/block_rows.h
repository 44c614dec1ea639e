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

// A share of the blocks of each row, drawn.
struct RandomBlocks {
    BlockEdges rows;
    BlockEdges columns;
    double kept = 1;
    std::uint64_t seed = 0;
};

struct RandomBlockLeaf {
    std::int64_t q_block = 1;  // in the mean
    std::int64_t k_block = 1;
    double kept = 1;
    std::function<RandomBlocks(const MaskDomain& domain)> draw;
};

// A leaf of these parameters. Few blocks are zones, as those of any leaf; many stay rows of blocks, or are bits where
// these take less, as they do of blocks of single pairs. Throws Error(bad_input) where they are too many.
[[nodiscard]] std::shared_ptr<const MaskLeaf> make_block_leaf(Json parameters, RandomBlockLeaf leaf);

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

}  // namespace longscope
