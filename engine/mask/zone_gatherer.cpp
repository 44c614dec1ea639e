// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/zone_gatherer.h"

#include <algorithm>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/mask/lazy_mask.h"
#include "engine/mask/zone_mask.h"

namespace longscope {

void require_zone_count(std::size_t zones, const std::string& field) {
    if (zones > max_gathered_zones) {
        throw bad_input(field, "a mask of more than " + format_count(max_gathered_zones) + " pieces", "is too large",
                        "fewer separate ranges of keys");
    }
}

// A zone begins at max(k0, q + d0) and ends at min(k1, q + d1): its begin is upright, then slants; its end slants, then
// is upright.
bool ZoneGatherer::carry_on(Open& zone, Range run) {
    const std::int64_t begin_step = run.begin - zone.last.begin;
    const std::int64_t end_step = run.end - zone.last.end;
    const bool begin_fits = begin_step == 1 || (begin_step == 0 && !zone.begin_slants);
    const bool end_fits = end_step == 0 || (end_step == 1 && !zone.end_upright);
    if (!begin_fits || !end_fits) {
        return false;
    }
    zone.begin_slants = begin_step == 1;
    zone.end_upright = end_step == 0;
    zone.last = run;
    ++zone.last_row;
    return true;
}

void ZoneGatherer::add(std::int64_t row, const std::vector<Range>& runs) {
    if (row != last_row_ + 1) {
        close_all();
    }
    last_row_ = row;
    next_.clear();
    std::size_t at = 0;
    for (const Range run : runs) {
        while (at < open_.size() && open_[at].last.begin + 1 < run.begin) {
            close(open_[at++]);
        }
        if (at < open_.size() && carry_on(open_[at], run)) {
            next_.push_back(open_[at++]);
        } else {
            next_.push_back({row, row, run, run});
        }
    }
    while (at < open_.size()) {
        close(open_[at++]);
    }
    open_.swap(next_);
    require_zone_count(zones(), field_);
}

void ZoneGatherer::close(const Open& zone) {
    closed_.push_back(tightened({{zone.first_row, zone.last_row + 1},
                                 {zone.first.begin, zone.last.end},
                                 {zone.last.begin - zone.last_row, zone.first.end - zone.first_row}}));
}

void ZoneGatherer::close_all() {
    for (const Open& zone : open_) {
        close(zone);
    }
    open_.clear();
}

ZoneList ZoneGatherer::finish() {
    close_all();
    std::sort(closed_.begin(), closed_.end(), [](const Zone& a, const Zone& b) {
        return std::pair(a.q.begin, a.k.begin) < std::pair(b.q.begin, b.k.begin);
    });
    return std::move(closed_);
}

ZoneList gathered_zones(const Mask& mask, const std::string& field) {
    ZoneGatherer gatherer(field);
    std::vector<Range> runs;
    for (std::int64_t row = 0; row < mask.query_tokens(); ++row) {
        mask.row_runs(row, runs);
        gatherer.add(row, runs);
    }
    return gatherer.finish();
}

ZoneSet zone_set_of(const Mask& mask, const std::string& field) {
    if (const auto* lazy = dynamic_cast<const LazyMask*>(&mask)) {
        ZoneSet all;
        ZoneSet set;
        for (std::int64_t i = 0; i < lazy->slabs(); ++i) {
            lazy->zones_in(lazy->slab(i), set);
            require_zone_count(all.zones.size() + set.zones.size() + all.striped.size() + set.striped.size(), field);
            all.zones.insert(all.zones.end(), set.zones.begin(), set.zones.end());
            all.striped.insert(all.striped.end(), set.striped.begin(), set.striped.end());
        }
        return all;
    }
    const auto* zones = dynamic_cast<const ZoneMask*>(&mask);
    return zones != nullptr ? ZoneSet{zones->zones(), zones->striped()} : ZoneSet{gathered_zones(mask, field), {}};
}

ZoneList zones_of(const Mask& mask, const std::string& field) {
    ZoneSet set = zone_set_of(mask, field);
    for (const StripedZone& striped : set.striped) {
        append_teeth(striped, set.zones);
    }
    return std::move(set.zones);
}

}  // namespace longscope
