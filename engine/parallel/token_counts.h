// SPDX-License-Identifier: GPL-3.0-or-later
// How many tokens each rank holds: all that the bytes and the memory of a strategy depend on, beside the shape. Counted
// once for all ranks.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/token_set.h"

namespace longscope {

class TokenCounts {
  public:
    explicit TokenCounts(const std::vector<TokenSet>& tokens);

    [[nodiscard]] std::int64_t ranks() const { return static_cast<std::int64_t>(counts_.size()); }
    [[nodiscard]] std::int64_t of(std::int64_t rank) const { return counts_[static_cast<std::size_t>(rank)]; }
    // Of neighbouring ranks together.
    [[nodiscard]] std::int64_t of_ranks(Range ranks) const {
        return before_[static_cast<std::size_t>(ranks.end)] - before_[static_cast<std::size_t>(ranks.begin)];
    }
    [[nodiscard]] std::int64_t all() const { return all_; }
    // Of the rank that holds most.
    [[nodiscard]] std::int64_t largest() const { return largest_; }

  private:
    std::vector<std::int64_t> counts_;
    std::vector<std::int64_t> before_{0};  // tokens of the ranks before each, and of all
    std::int64_t all_ = 0;
    std::int64_t largest_ = 0;
};

}  // namespace longscope
