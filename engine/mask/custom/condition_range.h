// SPDX-License-Identifier: GPL-3.0-or-later
// What a condition, or a number in one, can be while q and k run over ranges: interval arithmetic. Wider than the truth
// at most, never narrower, and exact when the ranges hold one token each.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/custom/condition.h"
#include "engine/mask/leaf.h"

namespace longscope {

// Both ends belong to it. Of a truth: 0 and 1.
struct ValueRange {
    std::int64_t low = 0;
    std::int64_t high = 0;

    [[nodiscard]] bool single() const { return low == high; }
};

// Where q and k are, and their difference, which may be known better than from both. Positions among the keys.
struct TokenRegion {
    ValueRange q;
    ValueRange k;
    ValueRange difference;  // of k - q
};

// Documents of a packed sequence by position. Without any there is one, which reaches beyond the sequence on both
// sides, since queries that stand before the first key have a position there too.
class Documents {
  public:
    explicit Documents(const MaskDomain& domain);

    [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(begins_.size()); }
    [[nodiscard]] std::int64_t of(std::int64_t token) const;
    [[nodiscard]] std::int64_t begin(std::int64_t document) const {
        return begins_[static_cast<std::size_t>(document)];
    }
    [[nodiscard]] std::int64_t end(std::int64_t document) const;
    // The position in its document of a token in a range.
    [[nodiscard]] ValueRange positions(const ValueRange& tokens) const;

  private:
    std::vector<std::int64_t> begins_;
    std::int64_t end_ = 0;
    std::int64_t longest_ = 0;
};

// Everything but the region that a value depends on.
struct ConditionScope {
    std::int64_t query_tokens = 0;
    std::int64_t key_tokens = 0;
    const Documents* documents = nullptr;
    std::int64_t head = 0;
    std::int64_t layer = 0;
};

// Throws Error(failed) when a number leaves 2^61: over the whole matrix nothing in a smaller region does so.
[[nodiscard]] ValueRange range_of(const Condition& condition, const ConditionScope& scope, const TokenRegion& region);

}  // namespace longscope
