// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/lazy_mask.h"

#include <algorithm>
#include <numeric>

#include "engine/base/thread_team.h"
#include "engine/mask/tile_row.h"
#include "engine/mask/zone_questions.h"

namespace longscope {

namespace {

constexpr std::int64_t most_rows_a_slab = 4096;
constexpr std::int64_t slabs_a_thread = 8;

}  // namespace

LazyMask::LazyMask(std::int64_t query_tokens, std::int64_t key_tokens, std::vector<std::int64_t> slab_begins)
    : Mask(query_tokens, key_tokens), slab_begins_(std::move(slab_begins)) {
    for (std::int64_t row = 0; row < query_tokens; row += most_rows_a_slab) {
        slab_begins_.push_back(row);
    }
    std::erase_if(slab_begins_, [&](std::int64_t row) { return row < 0 || row >= query_tokens; });
    std::sort(slab_begins_.begin(), slab_begins_.end());
    slab_begins_.erase(std::unique(slab_begins_.begin(), slab_begins_.end()), slab_begins_.end());
}

Range LazyMask::slab(std::int64_t index) const {
    const auto at = static_cast<std::size_t>(index);
    return {slab_begins_[at], at + 1 < slab_begins_.size() ? slab_begins_[at + 1] : query_tokens()};
}

std::int64_t LazyMask::slab_of(std::int64_t row) const {
    return std::upper_bound(slab_begins_.begin(), slab_begins_.end(), row) - slab_begins_.begin() - 1;
}

void LazyMask::count_slabs() {
    std::vector<std::int64_t> counts(slab_begins_.size() + 1, 0);
    ThreadTeam().for_each_range(slabs(), slabs_a_thread, [&](std::int64_t begin, std::int64_t end) {
        ZoneSet set;
        for (std::int64_t i = begin; i < end; ++i) {
            zones_in(slab(i), set);
            counts[static_cast<std::size_t>(i)] = longscope::pairs(set);
        }
    });
    std::exclusive_scan(counts.begin(), counts.end(), counts.begin(), std::int64_t{0});
    pairs_before_ = std::move(counts);
}

template <typename Visit>
void LazyMask::visit(Range any_rows, Visit visit) const {
    const Range rows = intersect(any_rows, {0, query_tokens()});
    if (rows.empty()) {
        return;
    }
    ZoneSet set;
    for (std::int64_t i = slab_of(rows.begin); i < slabs() && slab(i).begin < rows.end; ++i) {
        const Range part = intersect(slab(i), rows);
        zones_in(part, set);
        visit(part, set);
    }
}

bool LazyMask::contains(std::int64_t query, std::int64_t key) const {
    bool found = false;
    visit({query, query + 1}, [&](Range /*rows*/, const ZoneSet& set) {
        const auto holds = [&](const auto& zone) { return zone.contains(query, key); };
        found = std::any_of(set.zones.begin(), set.zones.end(), holds) ||
                std::any_of(set.striped.begin(), set.striped.end(), holds);
    });
    return found;
}

std::int64_t LazyMask::pairs_in(const Box& any_box) const {
    const Box box{intersect(any_box.q, {0, query_tokens()}), intersect(any_box.k, {0, key_tokens()})};
    if (box.q.empty() || box.k.empty()) {
        return 0;
    }
    Range rest = box.q;
    std::int64_t sum = 0;
    if (box.k.size() == key_tokens() && !pairs_before_.empty()) {
        // Whole slabs are counted already.
        const std::int64_t first = slab_of(box.q.begin - 1) + 1;
        const std::int64_t end = box.q.end == query_tokens() ? slabs() : slab_of(box.q.end);
        if (first < end) {
            sum = pairs_before_[static_cast<std::size_t>(end)] - pairs_before_[static_cast<std::size_t>(first)];
            sum += pairs_in({{box.q.begin, slab(first).begin}, box.k});
            rest.begin = slab(end - 1).end;
        }
    }
    const Zone clip = box_zone({rest, box.k});
    visit(rest, [&](Range /*rows*/, const ZoneSet& set) {
        for (const Zone& zone : set.zones) {
            sum += longscope::pairs(intersect(zone, clip));
        }
        for (const StripedZone& striped : set.striped) {
            sum += longscope::pairs(striped, clip);
        }
    });
    return sum;
}

std::int64_t LazyMask::pairs_with(Range rows, const TokenSet& keys) const {
    std::int64_t sum = 0;
    visit(rows, [&](Range part, const ZoneSet& set) {
        for (const Zone& zone : set.zones) {
            sum += longscope::pairs_with(zone, part, keys);
        }
        for (const StripedZone& striped : set.striped) {
            sum += longscope::pairs_with(striped, part, keys);
        }
    });
    return sum;
}

void LazyMask::row_runs(std::int64_t query, std::vector<Range>& runs) const {
    runs.clear();
    visit({query, query + 1}, [&](Range /*rows*/, const ZoneSet& set) {
        for (const Zone& zone : set.zones) {
            if (const Range row = zone.row(query); !row.empty()) {
                runs.push_back(row);
            }
        }
        for (const StripedZone& striped : set.striped) {
            append_row_runs(striped, query, runs);
        }
    });
    join_runs(runs);
}

std::vector<TileRun> LazyMask::classify_row_of_tiles(Range q, std::int64_t k_tile) const {
    return classify_tiles(*this, q, k_tile);
}

TileRowCounts LazyMask::count_row_of_tiles(Range q, std::int64_t k_tile) const {
    return count_tiles(*this, q, k_tile);
}

Range LazyMask::key_extent(Range q) const {
    Range extent{key_tokens(), 0};
    visit(q, [&](Range rows, const ZoneSet& set) {
        for (const Zone& zone : set.zones) {
            add_key_extent(zone, rows, extent);
        }
        for (const StripedZone& striped : set.striped) {
            add_key_extent(striped, rows, extent);
        }
    });
    return extent.empty() ? Range{} : extent;
}

bool has_zones_at_hand(const Mask& mask) {
    const auto* lazy = dynamic_cast<const LazyMask*>(&mask);
    return lazy != nullptr && lazy->has_zones_at_hand();
}

}  // namespace longscope
