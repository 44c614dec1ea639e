// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/zone_sweep.h"

#include <algorithm>

namespace longscope {

namespace {

constexpr std::int64_t min_changes_a_slab = 16;

}  // namespace

ZoneList swept(ZoneList zones) {
    for (Zone& zone : zones) {
        zone = tightened(zone);
    }
    std::erase_if(zones, [](const Zone& zone) { return zone.empty(); });
    std::sort(zones.begin(), zones.end(), [](const Zone& a, const Zone& b) { return a.q.begin < b.q.begin; });
    return zones;
}

std::vector<std::int64_t> slab_breaks(const ZoneList& swept_zones) {
    std::vector<std::int64_t> ends;
    ends.reserve(swept_zones.size());
    for (const Zone& zone : swept_zones) {
        ends.push_back(zone.q.end);
    }
    std::sort(ends.begin(), ends.end());
    std::vector<std::int64_t> breaks;
    std::int64_t active = 0;
    std::int64_t changes = 0;
    std::int64_t changes_to_break = min_changes_a_slab;
    std::size_t begun = 0;
    std::size_t ended = 0;
    while (ended < ends.size()) {
        const bool begins = begun < swept_zones.size() && swept_zones[begun].q.begin < ends[ended];
        const std::int64_t row = begins ? swept_zones[begun].q.begin : ends[ended];
        if (changes >= changes_to_break && (breaks.empty() || breaks.back() != row)) {
            breaks.push_back(row);
            changes = 0;
            changes_to_break = std::max(min_changes_a_slab, active);
        }
        active += begins ? 1 : -1;
        (begins ? begun : ended) += 1;
        ++changes;
    }
    return breaks;
}

void ZoneSweep::zones_in(Range rows, ZoneList& out) {
    while (next_ < zones_->size() && (*zones_)[next_].q.begin < rows.end) {
        active_.push_back((*zones_)[next_++]);
    }
    std::erase_if(active_, [&](const Zone& zone) { return zone.q.end <= rows.begin; });
    out.clear();
    for (const Zone& zone : active_) {
        if (const Zone part = intersect(zone, Zone{rows, zone.k, zone.d}); !part.empty()) {
            out.push_back(part);
        }
    }
}

}  // namespace longscope
