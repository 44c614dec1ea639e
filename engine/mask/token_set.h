// SPDX-License-Identifier: GPL-3.0-or-later
// Which tokens of the sequence something holds: ascending global positions, kept as ranges. The i-th token of the set
// is its local index i. Because local order follows global order, a run of global positions is always one run of local
// indices: masks need no permutation to be asked in local terms. Sets of every n-th token are kept as that rule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "engine/mask/zone.h"

namespace longscope {

// The ranges of a token set as a list; valid as long as the set.
class TokenRanges {
  public:
    class Iterator;

    explicit TokenRanges(const std::vector<Range>& listed) : listed_(listed.data()), size_(listed.size()) {}
    // Of one token each.
    explicit TokenRanges(const Progression& tokens) : tokens_(tokens), size_(static_cast<std::size_t>(tokens.count)) {}

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] Range operator[](std::size_t index) const {
        if (listed_ != nullptr) {
            return listed_[index];
        }
        const std::int64_t token = tokens_.at(static_cast<std::int64_t>(index));
        return {token, token + 1};
    }
    [[nodiscard]] Iterator begin() const;
    [[nodiscard]] Iterator end() const;

  private:
    const Range* listed_ = nullptr;
    Progression tokens_;
    std::size_t size_ = 0;
};

class TokenRanges::Iterator {
  public:
    using iterator_category = std::input_iterator_tag;  // what it gives is made when asked for
    using value_type = Range;
    using difference_type = std::ptrdiff_t;
    using pointer = const Range*;
    using reference = Range;

    Iterator(const TokenRanges& ranges, std::size_t index) : ranges_(ranges), index_(index) {}
    [[nodiscard]] Range operator*() const { return ranges_[index_]; }
    Iterator& operator++() {
        ++index_;
        return *this;
    }
    Iterator operator++(int) { return {ranges_, index_++}; }
    [[nodiscard]] bool operator==(const Iterator& other) const { return index_ == other.index_; }

  private:
    TokenRanges ranges_;
    std::size_t index_;
};

inline TokenRanges::Iterator TokenRanges::begin() const {
    return {*this, 0};
}

inline TokenRanges::Iterator TokenRanges::end() const {
    return {*this, size_};
}

class TokenSet {
  public:
    TokenSet() = default;
    // Sorts, joins adjacent ranges and drops empty ones. The ranges must not overlap.
    explicit TokenSet(std::vector<Range> ranges);
    // first, first + step, ..., below `end`; step from 1.
    [[nodiscard]] static TokenSet every(std::int64_t first, std::int64_t step, std::int64_t end);

    [[nodiscard]] std::int64_t size() const { return size_; }
    [[nodiscard]] TokenRanges ranges() const { return is_rule() ? TokenRanges(rule_) : TokenRanges(ranges_); }
    // The tokens as a rule; null where they do not follow one.
    [[nodiscard]] const Progression* rule() const { return is_rule() ? &rule_ : nullptr; }
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
    [[nodiscard]] std::int64_t first_local(std::size_t range_index) const {
        return is_rule() ? static_cast<std::int64_t>(range_index) : starts_[range_index];
    }

  private:
    [[nodiscard]] bool is_rule() const { return rule_.count > 0; }

    std::vector<Range> ranges_;
    std::vector<std::int64_t> starts_;  // local index of each range's first token
    Progression rule_;                  // instead of ranges, where there are some
    std::int64_t size_ = 0;
};

}  // namespace longscope
