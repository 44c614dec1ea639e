// SPDX-License-Identifier: GPL-3.0-or-later
// How long keys are needed, from the last row up: each row says which keys are seen for the last time, and which of
// those that all rows below saw, down to their last, it passes over.
#include <algorithm>

#include "engine/mask/bitmap_mask.h"
#include "engine/mask/range_sets.h"
#include "engine/mask/report/key_lifetime.h"
#include "engine/mask/report/key_spans.h"
#include "engine/mask/zone_questions.h"

namespace longscope {

namespace {

class UpwardSweep {
  public:
    UpwardSweep(std::int64_t query_tokens, std::int64_t diagonal) : query_tokens_(query_tokens), diagonal_(diagonal) {}

    // The rows are above all that were added, and see the same keys.
    void add(Range rows, const RangeSet& keys) {
        const std::int64_t last = rows.end - 1;
        const RangeSet last_seen = rest_of_ranges(keys, seen_);
        for (const Range range : last_seen) {
            const KeySpan span{range, false, last + diagonal_};
            spans_.push_back(span);
            held_pairs_ += pairs(held_zone(span, query_tokens_, diagonal_));
        }
        // Of those that have come by then the first is passed over for longest.
        for (const Range range : rest_of_ranges(without_gap_, keys)) {
            if (range.begin <= last + diagonal_) {
                local_needed_ = std::max(local_needed_, last + diagonal_ - range.begin + 1);
                first_key_ = std::min(first_key_, range.begin);
            }
        }
        without_gap_ = united_ranges(common_ranges(without_gap_, keys), last_seen);
        seen_ = united_ranges(seen_, last_seen);
    }

    [[nodiscard]] std::vector<KeySpan> spans() const {
        std::vector<KeySpan> ascending = spans_;
        std::sort(ascending.begin(), ascending.end(),
                  [](const KeySpan& a, const KeySpan& b) { return a.keys.begin < b.keys.begin; });
        return ascending;
    }
    [[nodiscard]] std::int64_t held_pairs() const { return held_pairs_; }
    [[nodiscard]] std::int64_t local_needed() const { return local_needed_; }
    [[nodiscard]] std::int64_t first_key() const { return first_key_; }  // of those with a gap

  private:
    std::int64_t query_tokens_;
    std::int64_t diagonal_;
    RangeSet seen_;         // by a row that was added
    RangeSet without_gap_;  // by all of them from the last one that sees the key
    std::vector<KeySpan> spans_;
    std::int64_t held_pairs_ = 0;
    std::int64_t local_needed_ = 0;
    std::int64_t first_key_ = max_tokens;
};

// The keys of all rows, where they are the same.
bool are_alike(Range rows, const ZoneSet& set, RangeSet& keys) {
    keys.clear();
    for (const Zone& zone : set.zones) {
        if (zone != box_zone({rows, zone.k})) {
            return false;
        }
        keys.push_back(zone.k);
    }
    join_runs(keys);
    return set.striped.empty();
}

}  // namespace

KeyLifetime key_lifetime(const LazyMask& mask, const Mask& mirror, std::int64_t leaking_pairs) {
    const std::int64_t diagonal = mask.key_tokens() - mask.query_tokens();
    UpwardSweep sweep(mask.query_tokens(), diagonal);
    ZoneSet set;
    RangeSet keys;
    for (std::int64_t i = mask.slabs(); i-- > 0;) {
        const Range slab = mask.slab(i);
        // The rows of bits are hardly ever alike, and their zones may be as many as their pairs.
        if (bitmap_of(mask) == nullptr) {
            mask.zones_in(slab, set);
            if (are_alike(slab, set, keys)) {
                sweep.add(slab, keys);
                continue;
            }
        }
        for (std::int64_t row = slab.end; row-- > slab.begin;) {
            mask.row_runs(row, keys);
            sweep.add({row, row + 1}, keys);
        }
    }
    KeyLifetime lifetime;
    find_most_resident(sweep.spans(), diagonal, lifetime);
    lifetime.held_pairs = sweep.held_pairs();
    lifetime.seen_pairs = mask.pairs() - leaking_pairs;
    if (!lifetime.kv_efficient()) {
        mirror.row_runs(sweep.first_key(), keys);
        lifetime.first_gap = gap_of(sweep.first_key(), diagonal, keys);
        lifetime.local_needed = sweep.local_needed();
    }
    return lifetime;
}

}  // namespace longscope
