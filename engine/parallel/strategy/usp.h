// SPDX-License-Identifier: GPL-3.0-or-later
// Heads are exchanged inside groups of ranks, keys and values make rounds between them (Fang and Zhao 2024, "USP: a
// unified sequence parallelism approach"). With one group this is Ulysses; with groups of one rank, a ring.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/parallel/strategy.h"

namespace longscope {

// Ranks as a grid: groups exchange heads, and the ranks that have the same place in their groups make a ring, in which
// `window` neighbours make an inner one. Head first: a group is consecutive ranks; context first: a ring is.
struct UspMesh {
    std::int64_t ranks = 1;
    std::int64_t ulysses = 1;  // ranks of a group; it divides the ranks
    std::int64_t window = 1;   // it divides the groups
    Placement placement = Placement::head_first;

    [[nodiscard]] std::int64_t groups() const { return ranks / ulysses; }
    [[nodiscard]] std::int64_t group_of(std::int64_t rank) const {
        return placement == Placement::head_first ? rank / ulysses : rank % groups();
    }
    [[nodiscard]] std::int64_t place_of(std::int64_t rank) const {
        return placement == Placement::head_first ? rank % ulysses : rank / groups();
    }
    [[nodiscard]] std::int64_t rank_at(std::int64_t group, std::int64_t place) const {
        return placement == Placement::head_first ? group * ulysses + place : place * groups() + group;
    }
    // Ascending.
    [[nodiscard]] std::vector<std::int64_t> ranks_of_group(std::int64_t group) const;
    [[nodiscard]] std::vector<std::int64_t> ranks_of_ring(std::int64_t place) const;
    [[nodiscard]] std::int64_t tokens_of_group(const TokenCounts& tokens, std::int64_t group) const;
};

[[nodiscard]] Schedule write_usp(std::string_view strategy, const StrategyInput& input, const UspMesh& mesh, Pass pass);

// What totals() of that schedule must equal.
[[nodiscard]] StrategyTotals usp_totals(const StrategyInput& input, const TokenCounts& tokens, const UspMesh& mesh,
                                        Pass pass);

[[nodiscard]] std::int64_t usp_head_pairs(const StrategyInput& input, const UspMesh& mesh);

// Why so many ranks cannot make groups of `ulysses`, for a method of this name; empty when they can.
[[nodiscard]] std::string usp_infeasible(std::string_view method, const AttentionShape& shape, std::int64_t ranks,
                                         std::int64_t ulysses);

}  // namespace longscope
