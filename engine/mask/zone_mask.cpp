// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/zone_mask.h"

#include <algorithm>

namespace longscope {

ZoneMask::ZoneMask(std::int64_t query_tokens, std::int64_t key_tokens, std::vector<std::int64_t> breaks,
                   const SlabZones& zones_of, std::function<std::unique_ptr<Mask>()> make_transposed)
    : Mask(query_tokens, key_tokens), make_transposed_(std::move(make_transposed)) {
    std::erase_if(breaks, [&](std::int64_t row) { return row < 0 || row >= query_tokens; });
    if (!std::is_sorted(breaks.begin(), breaks.end())) {
        std::sort(breaks.begin(), breaks.end());
    }
    if (query_tokens > 0 && (breaks.empty() || breaks.front() != 0)) {
        breaks.insert(breaks.begin(), 0);
    }
    breaks.erase(std::unique(breaks.begin(), breaks.end()), breaks.end());
    breaks.push_back(query_tokens);

    ZoneList slab_zones;
    std::int64_t pairs_so_far = 0;
    for (std::size_t i = 0; i + 1 < breaks.size(); ++i) {
        const Range rows{breaks[i], breaks[i + 1]};
        zones_of(rows, slab_zones);
        if (rows.empty() || slab_zones.empty()) {
            continue;
        }
        Slab slab{rows, zones_.size(), zones_.size() + slab_zones.size(), pairs_so_far, 0};
        for (const Zone& zone : slab_zones) {
            slab.pairs += longscope::pairs(zone);
        }
        pairs_so_far += slab.pairs;
        zones_.insert(zones_.end(), slab_zones.begin(), slab_zones.end());
        order_zones(slab);
        slabs_.push_back(slab);
    }
}

// Columns differ in their keys, bands in their diagonals: by the side on which the widest zone is the smaller part of
// all.
void ZoneMask::order_zones(Slab& slab) {
    const auto first = zones_.begin() + static_cast<std::ptrdiff_t>(slab.first_zone);
    struct Side {
        std::int64_t widest = 0;
        Range all{max_tokens, -max_tokens};
        void add(Range range) {
            widest = std::max(widest, range.size());
            all = {std::min(all.begin, range.begin), std::max(all.end, range.end)};
        }
    };
    Side keys;
    Side diagonals;
    std::for_each(first, zones_.end(), [&](const Zone& zone) {
        keys.add(zone.k);
        diagonals.add(zone.d);
    });
    // Both products are below 2^62.
    slab.by_diagonal = diagonals.widest * keys.all.size() < keys.widest * diagonals.all.size();
    slab.widest = slab.by_diagonal ? diagonals.widest : keys.widest;
    const Range Zone::*side = slab.by_diagonal ? &Zone::d : &Zone::k;
    std::sort(first, zones_.end(), [&](const Zone& a, const Zone& b) { return (a.*side).begin < (b.*side).begin; });
}

std::pair<std::size_t, std::size_t> ZoneMask::zones_near(const Slab& slab, const Box& box) const {
    const Range rows = intersect(slab.rows, box.q);
    const Range near = slab.by_diagonal ? Range{box.k.begin - rows.end + 1, box.k.end - rows.begin} : box.k;
    const Range Zone::*side = slab.by_diagonal ? &Zone::d : &Zone::k;
    const auto first = zones_.begin() + static_cast<std::ptrdiff_t>(slab.first_zone);
    const auto end = zones_.begin() + static_cast<std::ptrdiff_t>(slab.end_zone);
    const auto begins_before = [&](const Zone& zone, std::int64_t value) { return (zone.*side).begin < value; };
    const auto from = std::lower_bound(first, end, near.begin - slab.widest + 1, begins_before);
    const auto to = std::lower_bound(from, end, near.end, begins_before);
    return {static_cast<std::size_t>(from - zones_.begin()), static_cast<std::size_t>(to - zones_.begin())};
}

std::size_t ZoneMask::slab_of(std::int64_t row) const {
    const auto found = std::upper_bound(slabs_.begin(), slabs_.end(), row,
                                        [](std::int64_t value, const Slab& slab) { return value < slab.rows.end; });
    return static_cast<std::size_t>(found - slabs_.begin());
}

template <typename Visit>
void ZoneMask::visit_zones(Range rows, Visit visit) const {
    for (std::size_t s = slab_of(rows.begin); s < slabs_.size() && slabs_[s].rows.begin < rows.end; ++s) {
        for (std::size_t z = slabs_[s].first_zone; z < slabs_[s].end_zone; ++z) {
            visit(zones_[z]);
        }
    }
}

bool ZoneMask::contains(std::int64_t query, std::int64_t key) const {
    if (query < 0 || query >= query_tokens()) {
        return false;
    }
    bool found = false;
    visit_zones({query, query + 1}, [&](const Zone& zone) { found = found || zone.contains(query, key); });
    return found;
}

std::int64_t ZoneMask::pairs_in(const Box& any_box) const {
    const Box box{intersect(any_box.q, {0, query_tokens()}), intersect(any_box.k, {0, key_tokens()})};
    const bool all_keys = box.k.size() == key_tokens();
    const Zone clip = box_zone(box);
    if (clip.empty()) {
        return 0;
    }
    std::int64_t sum = 0;
    for (std::size_t s = slab_of(box.q.begin); s < slabs_.size() && slabs_[s].rows.begin < box.q.end; ++s) {
        const Slab& slab = slabs_[s];
        if (all_keys && slab.rows.begin >= box.q.begin && slab.rows.end <= box.q.end) {
            // Whole slabs with all their keys: take every one down to the last that lies inside at once.
            std::size_t last = slab_of(box.q.end - 1);
            if (last == slabs_.size() || slabs_[last].rows.end > box.q.end) {
                --last;
            }
            sum += slabs_[last].pairs_before + slabs_[last].pairs - slab.pairs_before;
            s = last;
            continue;
        }
        const auto [first, end] = zones_near(slab, box);
        for (std::size_t z = first; z < end; ++z) {
            sum += longscope::pairs(intersect(zones_[z], clip));
        }
    }
    return sum;
}

std::int64_t ZoneMask::pairs_with(Range rows, const TokenSet& keys) const {
    std::int64_t sum = 0;
    visit_zones(rows, [&](const Zone& zone) {
        const Zone part = intersect(zone, Zone{rows, zone.k, zone.d});
        if (part == box_zone({part.q, part.k})) {
            sum += part.q.size() * keys.count_in(part.k);
            return;
        }
        // Slanted: key range by key range, or row by row where the keys are in more pieces than there are rows.
        const auto [first, last] = keys.ranges_meeting(part.k);
        if (last - first <= static_cast<std::size_t>(part.q.size())) {
            for (std::size_t i = first; i < last; ++i) {
                sum += longscope::pairs(intersect(part, Zone{part.q, keys.ranges()[i], part.d}));
            }
            return;
        }
        for (std::int64_t query = part.q.begin; query < part.q.end; ++query) {
            sum += keys.count_in(part.row(query));
        }
    });
    return sum;
}

std::int64_t ZoneMask::pairs_between(const TokenSet& queries, const TokenSet& keys) const {
    if (keys.count_in({0, key_tokens()}) < key_tokens()) {
        return Mask::pairs_between(queries, keys);
    }
    std::int64_t sum = 0;
    if (queries.rule() != nullptr) {
        for (const Zone& zone : zones_) {
            sum += longscope::pairs(zone, *queries.rule());
        }
        return sum;
    }
    // Both are in ascending order: no range looks for its slabs.
    auto first = slabs_.begin();
    for (const Range rows : queries.ranges()) {
        while (first != slabs_.end() && first->rows.end <= rows.begin) {
            ++first;
        }
        for (auto slab = first; slab != slabs_.end() && slab->rows.begin < rows.end; ++slab) {
            if (slab->rows.begin >= rows.begin && slab->rows.end <= rows.end) {
                sum += slab->pairs;
                continue;
            }
            for (std::size_t z = slab->first_zone; z < slab->end_zone; ++z) {
                sum += longscope::pairs(zones_[z], {rows.begin, 1, rows.size()});
            }
        }
    }
    return sum;
}

void ZoneMask::row_runs(std::int64_t query, std::vector<Range>& runs) const {
    runs.clear();
    visit_zones({query, query + 1}, [&](const Zone& zone) {
        if (const Range row = zone.row(query); !row.empty()) {
            runs.push_back(row);
        }
    });
    if (runs.size() < 2) {
        return;
    }
    std::sort(runs.begin(), runs.end(), [](Range a, Range b) { return a.begin < b.begin; });
    std::size_t kept = 0;
    for (std::size_t i = 1; i < runs.size(); ++i) {
        if (runs[i].begin == runs[kept].end) {
            runs[kept].end = runs[i].end;
        } else {
            runs[++kept] = runs[i];
        }
    }
    runs.resize(kept + 1);
}

Range ZoneMask::key_extent(Range q) const {
    Range extent{key_tokens(), 0};
    visit_zones(q, [&](const Zone& zone) {
        const Zone part = intersect(zone, Zone{q, zone.k, zone.d});
        if (!part.empty()) {
            extent = {std::min(extent.begin, part.k.begin), std::max(extent.end, part.k.end)};
        }
    });
    return extent.empty() ? Range{} : extent;
}

std::vector<TileRun> ZoneMask::classify_row_of_tiles(Range q, std::int64_t k_tile) const {
    const std::int64_t tiles = (key_tokens() + k_tile - 1) / k_tile;
    // The zones of these rows, and the columns at which what they cover changes its kind: where a zone begins to be
    // seen, begins to be seen by all of its rows, ceases to be, and ends.
    ZoneList local;
    std::vector<std::int64_t> cuts{0, tiles};
    const auto cut_at_tile_of = [&](std::int64_t column) {
        const std::int64_t tile = std::clamp<std::int64_t>(column / k_tile, 0, tiles);
        cuts.push_back(tile);
        if (column % k_tile != 0 && tile < tiles) {
            cuts.push_back(tile + 1);
        }
    };
    visit_zones(q, [&](const Zone& zone) {
        const Zone part = intersect(zone, Zone{q, zone.k, zone.d});
        if (part.empty()) {
            return;
        }
        local.push_back(part);
        cut_at_tile_of(part.k.begin);
        cut_at_tile_of(part.k.end);
        cut_at_tile_of(std::clamp(part.q.end - 1 + part.d.begin, part.k.begin, part.k.end));
        cut_at_tile_of(std::clamp(part.q.begin + part.d.end, part.k.begin, part.k.end));
    });
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::sort(local.begin(), local.end(), [](const Zone& a, const Zone& b) { return a.k.begin < b.k.begin; });
    auto next = local.begin();
    ZoneList near;  // those that have a column between the two cuts at hand

    std::vector<TileRun> runs;
    const auto append = [&](Range range, TileClass tile_class) {
        if (!runs.empty() && runs.back().tile_class == tile_class) {
            runs.back().tiles.end = range.end;
        } else {
            runs.push_back({range, tile_class});
        }
    };
    const auto classify = [&](std::int64_t tile) {
        const Box box{q, {tile * k_tile, std::min((tile + 1) * k_tile, key_tokens())}};
        const Zone clip = box_zone(box);
        std::int64_t kept = 0;
        for (const Zone& zone : near) {
            kept += longscope::pairs(intersect(zone, clip));
        }
        return kept == 0 ? TileClass::empty : kept == box.pairs() ? TileClass::full : TileClass::partial;
    };
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
        const Range range{cuts[i], cuts[i + 1]};
        const Range columns{range.begin * k_tile, std::min(range.end * k_tile, key_tokens())};
        std::erase_if(near, [&](const Zone& zone) { return zone.k.end <= columns.begin; });
        while (next != local.end() && next->k.begin < columns.end) {
            near.push_back(*next++);
        }
        // Between two cuts a zone covers all of its rows in every column, none, or (on its slanted edges) a changing
        // part; only in the last case do tiles differ from one another.
        const bool slanted = std::any_of(near.begin(), near.end(), [&](const Zone& zone) {
            const Range whole_rows{zone.q.end - 1 + zone.d.begin, zone.q.begin + zone.d.end};
            const Range seen = intersect(zone.k, columns);
            return !seen.empty() && intersect(whole_rows, seen) != seen;
        });
        if (!slanted) {
            append(range, classify(range.begin));
            continue;
        }
        for (std::int64_t tile = range.begin; tile < range.end; ++tile) {
            append({tile, tile + 1}, classify(tile));
        }
    }
    return runs;
}

}  // namespace longscope
