// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/zone_sweep.h"

#include <algorithm>
#include <utility>

namespace longscope {

namespace {

constexpr std::int64_t min_changes_a_slab = 16;

}  // namespace

ZoneSet in_row_order(ZoneSet set) {
    const auto above = [](const Zone& a, const Zone& b) { return a.q.begin < b.q.begin; };
    if (!std::is_sorted(set.zones.begin(), set.zones.end(), above)) {
        std::sort(set.zones.begin(), set.zones.end(), above);
    }
    std::sort(set.striped.begin(), set.striped.end(),
              [](const StripedZone& a, const StripedZone& b) { return a.zone.q.begin < b.zone.q.begin; });
    return set;
}

ZoneSet swept(ZoneSet set) {
    for (Zone& zone : set.zones) {
        zone = tightened(zone);
    }
    std::erase_if(set.zones, [](const Zone& zone) { return zone.empty(); });
    for (const StripedZone& striped : std::exchange(set.striped, {})) {
        append_part(striped, striped.zone, set);
    }
    return in_row_order(std::move(set));
}

std::vector<std::int64_t> slab_breaks(const ZoneSet& in_row_order) {
    std::vector<std::int64_t> begins;
    std::vector<std::int64_t> ends;
    const std::size_t zones = in_row_order.zones.size() + in_row_order.striped.size();
    begins.reserve(zones);
    ends.reserve(zones);
    for (const Zone& zone : in_row_order.zones) {
        begins.push_back(zone.q.begin);
        ends.push_back(zone.q.end);
    }
    for (const StripedZone& striped : in_row_order.striped) {
        begins.push_back(striped.zone.q.begin);
        ends.push_back(striped.zone.q.end);
    }
    std::sort(begins.begin(), begins.end());
    std::sort(ends.begin(), ends.end());
    std::vector<std::int64_t> breaks;
    std::int64_t active = 0;
    std::int64_t changes = 0;
    std::int64_t changes_to_break = min_changes_a_slab;
    std::size_t begun = 0;
    std::size_t ended = 0;
    while (ended < ends.size()) {
        const bool at_begin = begun < begins.size() && begins[begun] < ends[ended];
        const std::int64_t row = at_begin ? begins[begun] : ends[ended];
        if (changes >= changes_to_break && (breaks.empty() || breaks.back() != row)) {
            breaks.push_back(row);
            changes = 0;
            changes_to_break = std::max(min_changes_a_slab, active);
        }
        active += at_begin ? 1 : -1;
        (at_begin ? begun : ended) += 1;
        ++changes;
    }
    return breaks;
}

std::int64_t slab_pieces(const ZoneSet& set) {
    std::vector<Range> rows;
    rows.reserve(set.zones.size() + set.striped.size());
    for (const Zone& zone : set.zones) {
        rows.push_back(zone.q);
    }
    for (const StripedZone& striped : set.striped) {
        rows.push_back(striped.zone.q);
    }
    std::vector<std::int64_t> cuts;
    cuts.reserve(2 * rows.size());
    for (const Range range : rows) {
        cuts.push_back(range.begin);
        cuts.push_back(range.end);
    }
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::int64_t pieces = 0;
    for (const Range range : rows) {
        pieces += std::lower_bound(cuts.begin(), cuts.end(), range.end) -
                  std::lower_bound(cuts.begin(), cuts.end(), range.begin);
    }
    return pieces;
}

void ZoneSweep::zones_in(Range rows, ZoneSet& out) {
    while (next_ < zones_->size() && (*zones_)[next_].q.begin < rows.end) {
        // A sweep may begin far down.
        if (const Zone& zone = (*zones_)[next_++]; zone.q.end > rows.begin) {
            active_.push_back(zone);
        }
    }
    std::erase_if(active_, [&](const Zone& zone) { return zone.q.end <= rows.begin; });
    out.clear();
    for (const Zone& zone : active_) {
        if (const Zone part = cut(zone, StripeAxis::query, rows); !part.empty()) {
            out.zones.push_back(part);
        }
    }
    while (next_striped_ < striped_->size() && (*striped_)[next_striped_].zone.q.begin < rows.end) {
        active_striped_.push_back((*striped_)[next_striped_++]);
    }
    std::erase_if(active_striped_, [&](const StripedZone& striped) { return striped.zone.q.end <= rows.begin; });
    for (const StripedZone& striped : active_striped_) {
        append_part(striped, {rows, striped.zone.k, striped.zone.d}, out);
    }
}

}  // namespace longscope
