// SPDX-License-Identifier: GPL-3.0-or-later
// A mask that stands somewhere in a larger matrix, or of which only a part is taken; the rest of the matrix is masked.
#pragma once

#include <memory>

#include "engine/mask/lazy_mask.h"

namespace longscope {

// The pairs (q, k) of `box` for which the mask keeps (q - queries, k - keys).
struct MaskPlace {
    std::shared_ptr<const Mask> mask;
    std::int64_t queries = 0;
    std::int64_t keys = 0;
    Box box;

    [[nodiscard]] static MaskPlace of(std::shared_ptr<const Mask> mask) {
        const Box all = mask->box();
        return {std::move(mask), 0, 0, all};
    }
    [[nodiscard]] MaskPlace transposed() const { return {mask->transposed(), keys, queries, {box.k, box.q}}; }
    [[nodiscard]] MaskPlace translated(std::int64_t more_queries, std::int64_t more_keys) const;
    [[nodiscard]] MaskPlace cut_to(const Box& inside) const {
        return {mask, queries, keys, {intersect(box.q, inside.q), intersect(box.k, inside.k)}};
    }
};

class PlacedMask final : public LazyMask {
  public:
    // What of the place lies outside of the matrix, or of the mask, is masked.
    PlacedMask(std::int64_t query_tokens, std::int64_t key_tokens, const MaskPlace& place);

    [[nodiscard]] bool contains(std::int64_t query, std::int64_t key) const override;
    [[nodiscard]] std::int64_t pairs_in(const Box& box) const override;
    void row_runs(std::int64_t query, std::vector<Range>& runs) const override;
    void zones_in(Range rows, ZoneSet& out) const override;
    [[nodiscard]] std::unique_ptr<Mask> transposed() const override;
    [[nodiscard]] bool has_zones_at_hand() const override { return longscope::has_zones_at_hand(*place_.mask); }

  private:
    MaskPlace place_;
};

// The mask of a place in a matrix; itself where it fills it.
[[nodiscard]] std::shared_ptr<const Mask> mask_at(const MaskPlace& place, std::int64_t query_tokens,
                                                  std::int64_t key_tokens);

// The same mask, for those who want one of their own.
[[nodiscard]] std::unique_ptr<Mask> shared_mask(std::shared_ptr<const Mask> mask);

// Of a lazy mask its slabs, of others none.
[[nodiscard]] std::vector<std::int64_t> slab_begins_of(const Mask& mask);

}  // namespace longscope
