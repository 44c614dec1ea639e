// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/zone_mask.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "engine/base/thread_team.h"
#include "engine/mask/tile_row.h"
#include "engine/mask/zone_questions.h"

namespace longscope {

ZoneMask::ZoneMask(std::int64_t query_tokens, std::int64_t key_tokens, std::vector<std::int64_t> breaks,
                   const MakeSlabZones& make_zones, std::function<std::unique_ptr<Mask>()> make_transposed)
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

    const auto count = static_cast<std::int64_t>(breaks.size()) - 1;
    constexpr std::int64_t slabs_a_thread = 4096;
    if (count <= slabs_a_thread) {
        Part all = part_between(breaks, make_zones());
        slabs_ = std::move(all.slabs);
        zones_ = std::move(all.zones);
        striped_ = std::move(all.striped);
        return;
    }
    std::map<std::int64_t, Part> parts;  // by their first slab
    std::mutex adding;
    ThreadTeam().for_each_range(count, slabs_a_thread, [&](std::int64_t begin, std::int64_t end) {
        const auto own = std::span<const std::int64_t>(breaks).subspan(static_cast<std::size_t>(begin),
                                                                       static_cast<std::size_t>(end - begin + 1));
        Part part = part_between(own, make_zones());
        const std::lock_guard lock(adding);
        parts.emplace(begin, std::move(part));
    });
    std::size_t slabs = 0;
    std::size_t zones = 0;
    for (const auto& [begin, part] : parts) {
        slabs += part.slabs.size();
        zones += part.zones.size();
    }
    slabs_.reserve(slabs);
    zones_.reserve(zones);
    for (const auto& [begin, part] : parts) {
        append(part);
    }
}

ZoneMask::Part ZoneMask::part_between(std::span<const std::int64_t> breaks, const SlabZones& zones_of) {
    Part part;
    part.slabs.reserve(breaks.size());
    part.zones.reserve(breaks.size());
    ZoneSet slab_zones;
    std::int64_t pairs_so_far = 0;
    for (std::size_t i = 0; i + 1 < breaks.size(); ++i) {
        const Range rows{breaks[i], breaks[i + 1]};
        zones_of(rows, slab_zones);
        if (rows.empty() || slab_zones.empty()) {
            continue;
        }
        Slab slab{rows,
                  part.zones.size(),
                  part.zones.size() + slab_zones.zones.size(),
                  part.striped.size(),
                  part.striped.size() + slab_zones.striped.size(),
                  pairs_so_far,
                  0};
        for (const Zone& zone : slab_zones.zones) {
            slab.pairs += longscope::pairs(zone);
        }
        for (const StripedZone& striped : slab_zones.striped) {
            slab.pairs += longscope::pairs(striped);
        }
        pairs_so_far += slab.pairs;
        part.zones.insert(part.zones.end(), slab_zones.zones.begin(), slab_zones.zones.end());
        part.striped.insert(part.striped.end(), slab_zones.striped.begin(), slab_zones.striped.end());
        order_zones(slab, part.zones);
        part.slabs.push_back(slab);
    }
    return part;
}

void ZoneMask::append(const Part& below) {
    const std::int64_t pairs_above = slabs_.empty() ? 0 : slabs_.back().pairs_before + slabs_.back().pairs;
    for (Slab slab : below.slabs) {
        slab.first_zone += zones_.size();
        slab.end_zone += zones_.size();
        slab.first_striped += striped_.size();
        slab.end_striped += striped_.size();
        slab.pairs_before += pairs_above;
        slabs_.push_back(slab);
    }
    zones_.insert(zones_.end(), below.zones.begin(), below.zones.end());
    striped_.insert(striped_.end(), below.striped.begin(), below.striped.end());
}

// Columns differ in their keys, bands in their diagonals: by the side on which the widest zone is the smaller part of
// all.
void ZoneMask::order_zones(Slab& slab, ZoneList& zones) {
    const auto first = zones.begin() + static_cast<std::ptrdiff_t>(slab.first_zone);
    if (slab.end_zone - slab.first_zone == 1) {
        slab.widest = first->k.size();
        return;
    }
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
    std::for_each(first, zones.end(), [&](const Zone& zone) {
        keys.add(zone.k);
        diagonals.add(zone.d);
    });
    // Both products are below 2^62.
    slab.by_diagonal = diagonals.widest * keys.all.size() < keys.widest * diagonals.all.size();
    slab.widest = slab.by_diagonal ? diagonals.widest : keys.widest;
    const Range Zone::*side = slab.by_diagonal ? &Zone::d : &Zone::k;
    std::sort(first, zones.end(), [&](const Zone& a, const Zone& b) { return (a.*side).begin < (b.*side).begin; });
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
void ZoneMask::visit_slabs(Range rows, Visit visit) const {
    for (std::size_t s = slab_of(rows.begin); s < slabs_.size() && slabs_[s].rows.begin < rows.end; ++s) {
        visit(slabs_[s]);
    }
}

template <typename Visit>
void ZoneMask::visit_zones(Range rows, Visit visit) const {
    visit_slabs(rows, [&](const Slab& slab) {
        for (std::size_t z = slab.first_zone; z < slab.end_zone; ++z) {
            visit(zones_[z]);
        }
    });
}

template <typename Visit>
void ZoneMask::visit_striped(Range rows, Visit visit) const {
    if (striped_.empty()) {
        return;
    }
    visit_slabs(rows, [&](const Slab& slab) {
        for (std::size_t z = slab.first_striped; z < slab.end_striped; ++z) {
            visit(striped_[z]);
        }
    });
}

bool ZoneMask::contains(std::int64_t query, std::int64_t key) const {
    if (query < 0 || query >= query_tokens()) {
        return false;
    }
    bool found = false;
    const Range row{query, query + 1};
    visit_zones(row, [&](const Zone& zone) { found = found || zone.contains(query, key); });
    visit_striped(row, [&](const StripedZone& striped) { found = found || striped.contains(query, key); });
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
        for (std::size_t z = slab.first_striped; z < slab.end_striped; ++z) {
            sum += longscope::pairs(striped_[z], clip);
        }
    }
    return sum;
}

std::int64_t ZoneMask::pairs_with(Range rows, const TokenSet& keys) const {
    std::int64_t sum = 0;
    visit_zones(rows, [&](const Zone& zone) { sum += longscope::pairs_with(zone, rows, keys); });
    visit_striped(rows, [&](const StripedZone& striped) { sum += longscope::pairs_with(striped, rows, keys); });
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
        for (const StripedZone& striped : striped_) {
            sum += pairs_of_rule(striped, striped.zone, StripeAxis::query, *queries.rule());
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
            for (std::size_t z = slab->first_striped; z < slab->end_striped; ++z) {
                sum += longscope::pairs(striped_[z], cut(striped_[z].zone, StripeAxis::query, rows));
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
    visit_striped({query, query + 1}, [&](const StripedZone& striped) { append_row_runs(striped, query, runs); });
    join_runs(runs);
}

Range ZoneMask::key_extent(Range q) const {
    Range extent{key_tokens(), 0};
    visit_zones(q, [&](const Zone& zone) { add_key_extent(zone, q, extent); });
    visit_striped(q, [&](const StripedZone& striped) { add_key_extent(striped, q, extent); });
    return extent.empty() ? Range{} : extent;
}

void ZoneMask::zones_in(Range rows, ZoneSet& out) const {
    out.clear();
    visit_zones(rows, [&](const Zone& zone) {
        if (const Zone part = cut(zone, StripeAxis::query, rows); !part.empty()) {
            out.zones.push_back(part);
        }
    });
    visit_striped(rows, [&](const StripedZone& striped) {
        append_part(striped, box_zone({rows, striped.zone.k}), out);
    });
}

std::vector<TileRun> ZoneMask::classify_row_of_tiles(Range q, std::int64_t k_tile) const {
    return classify_tiles(*this, q, k_tile);
}

TileRowCounts ZoneMask::count_row_of_tiles(Range q, std::int64_t k_tile) const {
    return count_tiles(*this, q, k_tile);
}

}  // namespace longscope
