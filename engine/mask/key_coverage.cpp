// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/key_coverage.h"

#include <algorithm>
#include <utility>

#include "engine/mask/range_sets.h"

namespace longscope {

namespace {

// A union of ranges that is brought into order when many have been added.
class RangeUnion {
  public:
    void add(Range range) {
        if (range.empty()) {
            return;
        }
        if (!ranges_.empty() && ranges_.back().begin <= range.begin && range.begin <= ranges_.back().end) {
            ranges_.back().end = std::max(ranges_.back().end, range.end);
            return;
        }
        ranges_.push_back(range);
        if (ranges_.size() >= limit_) {
            tidy();
            limit_ = std::max(first_limit, 2 * ranges_.size());
        }
    }
    [[nodiscard]] std::vector<Range> take() {
        tidy();
        return std::move(ranges_);
    }

  private:
    static constexpr std::size_t first_limit = 4096;

    void tidy() {
        std::sort(ranges_.begin(), ranges_.end(), [](Range a, Range b) { return a.begin < b.begin; });
        ranges_ = joined_ranges(std::move(ranges_));
    }

    std::vector<Range> ranges_;
    std::size_t limit_ = first_limit;
};

void add_keys(const Mask& mask, Range rows, RangeUnion& keys) {
    ZoneSet zones;
    mask.zones_in(rows, zones);
    for (const Zone& zone : zones.zones) {
        keys.add(tightened(zone).k);  // every one of which occurs in a pair
    }
    if (zones.striped.empty()) {
        return;
    }
    std::vector<Range> runs;
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        mask.row_runs(row, runs);
        for (const Range run : runs) {
            keys.add(run);
        }
    }
}

}  // namespace

std::vector<Range> covered_keys(const HeadMasks& masks, const TokenSet& queries) {
    constexpr std::int64_t rows_at_once = 256;  // so that masks without structure need no more memory
    RangeUnion keys;
    for (std::int64_t kind = 0; kind < masks.kinds(); ++kind) {
        for (const Range range : queries.ranges()) {
            for (std::int64_t row = range.begin; row < range.end; row += rows_at_once) {
                add_keys(masks.kind(kind), {row, std::min(row + rows_at_once, range.end)}, keys);
            }
        }
    }
    return keys.take();
}

}  // namespace longscope
