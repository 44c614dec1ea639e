// SPDX-License-Identifier: GPL-3.0-or-later
// The masks of the query heads of one layer: the kinds that differ, and which of them each head has. Mostly there is
// one kind for all heads. Immutable; the masks are shared between copies.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/mask/mask.h"

namespace longscope {

class HeadMasks {
  public:
    // One mask for all heads, however many there are.
    explicit HeadMasks(std::shared_ptr<const Mask> all) : kinds_{std::move(all)} {}
    // Head h has kinds[kind_of_head[h]]; all are of one matrix, and each kind is some head's.
    HeadMasks(std::vector<std::shared_ptr<const Mask>> kinds, std::vector<std::int64_t> kind_of_head)
        : kinds_(std::move(kinds)), kind_of_head_(std::move(kind_of_head)) {}

    [[nodiscard]] std::int64_t kinds() const { return static_cast<std::int64_t>(kinds_.size()); }
    [[nodiscard]] const Mask& kind(std::int64_t kind) const { return *kinds_[static_cast<std::size_t>(kind)]; }
    [[nodiscard]] const std::shared_ptr<const Mask>& shared_kind(std::int64_t kind) const {
        return kinds_[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] std::int64_t kind_of(std::int64_t head) const {
        return kind_of_head_.empty() ? 0 : kind_of_head_[static_cast<std::size_t>(head)];
    }
    [[nodiscard]] const Mask& of(std::int64_t head) const { return kind(kind_of(head)); }
    [[nodiscard]] bool same_for_all() const { return kinds_.size() == 1; }
    [[nodiscard]] std::int64_t query_tokens() const { return kinds_.front()->query_tokens(); }
    [[nodiscard]] std::int64_t key_tokens() const { return kinds_.front()->key_tokens(); }

    // How many of some heads have each kind; the number of heads where there is one.
    [[nodiscard]] std::vector<std::int64_t> heads_of_kinds(Range heads) const;
    // The exact number of kept pairs of some heads together.
    [[nodiscard]] std::int64_t head_pairs(Range heads) const;

    // The masks of some heads, which become the heads from 0.
    [[nodiscard]] HeadMasks part(Range heads) const;

  private:
    std::vector<std::shared_ptr<const Mask>> kinds_;
    std::vector<std::int64_t> kind_of_head_;  // empty: all have the first kind
};

}  // namespace longscope
