// SPDX-License-Identifier: GPL-3.0-or-later
// Which tokens of the sequence something holds: ascending global positions, kept as ranges. The i-th token of the set
// is its local index i. Because local order follows global order, a run of global positions is always one run of local
// indices: masks need no permutation to be asked in local terms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/mask/zone.h"

namespace longscope {

class TokenSet {
  public:
    TokenSet() = default;
    // Sorts, joins adjacent ranges and drops empty ones. The ranges must not overlap.
    explicit TokenSet(std::vector<Range> ranges);

    [[nodiscard]] std::int64_t size() const { return size_; }
    [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }
    // The global position of local index i, 0 <= i < size().
    [[nodiscard]] std::int64_t position(std::int64_t local) const;
    // The number of tokens of the set before a global position.
    [[nodiscard]] std::int64_t count_before(std::int64_t position) const;
    // The local indices of the tokens in a range of global positions.
    [[nodiscard]] Range local(Range positions) const {
        return {count_before(positions.begin), count_before(positions.end)};
    }
    // The number of tokens of the set in a range of global positions.
    [[nodiscard]] std::int64_t count_in(Range positions) const { return local(positions).size(); }
    // The ranges [first, second) of ranges() that share a token with a range of global positions.
    [[nodiscard]] std::pair<std::size_t, std::size_t> ranges_meeting(Range positions) const;
    [[nodiscard]] std::int64_t first_local(std::size_t range_index) const { return starts_[range_index]; }

  private:
    std::vector<Range> ranges_;
    std::vector<std::int64_t> starts_;  // local index of each range's first token
    std::int64_t size_ = 0;
};

}  // namespace longscope
