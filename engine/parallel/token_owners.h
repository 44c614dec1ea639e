// SPDX-License-Identifier: GPL-3.0-or-later
// Which rank holds a token: the token sets of all ranks, turned round.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/mask/token_set.h"

namespace longscope {

class TokenOwners {
  public:
    TokenOwners() = default;
    // The sets must be disjoint.
    explicit TokenOwners(const std::vector<TokenSet>& ranks);

    struct Run {
        std::int32_t begin = 0;  // it ends where the next one begins
        std::int32_t rank = 0;   // -1: nobody holds these
    };

    [[nodiscard]] std::int64_t ranks() const { return ranks_; }
    // Ascending; the last one begins where the sets end.
    [[nodiscard]] const std::vector<Run>& runs() const { return runs_; }
    // None where nobody holds it.
    [[nodiscard]] std::optional<std::int64_t> rank_of(std::int64_t token) const;
    // The rank that holds all of a range; none where there are several, or gaps.
    [[nodiscard]] std::optional<std::int64_t> rank_of_all(Range tokens) const;
    // The first run that begins after `token`, as an index of runs().
    [[nodiscard]] std::size_t first_run_after(std::int64_t token) const;

  private:
    std::int64_t ranks_ = 0;
    std::vector<Run> runs_;
};

}  // namespace longscope
