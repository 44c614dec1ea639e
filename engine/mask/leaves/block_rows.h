// SPDX-License-Identifier: GPL-3.0-or-later
// Kept blocks of a matrix that is cut into rows and columns of blocks.
#pragma once

#include <string>
#include <vector>

#include "engine/mask/zone.h"

namespace longscope {

// Where blocks begin, and the end: ascending from 0.
using BlockEdges = std::vector<std::int64_t>;

// Blocks of one size; the last one may be smaller.
[[nodiscard]] BlockEdges uniform_edges(std::int64_t tokens, std::int64_t block);

// `kept` of the numbers below `count`, ascending runs: those of the highest scores, which are drawn from the stream of
// the seed that belongs to this row.
[[nodiscard]] std::vector<Range> top_scores(std::int64_t count, std::int64_t kept, std::uint64_t seed,
                                            std::uint64_t row);

// The share of `count` that is kept, rounded; at least one.
[[nodiscard]] std::int64_t kept_of(std::int64_t count, double share);

// The blocks of each row that top_scores keeps.
[[nodiscard]] ZoneList random_block_zones(const BlockEdges& rows, const BlockEdges& columns, double kept,
                                          std::uint64_t seed);

// Throws Error(bad_input) when there are too many blocks to draw a score for each, or to keep that share of them.
void check_scored_blocks(std::int64_t rows, std::int64_t columns, double kept, const std::string& path);

}  // namespace longscope
