// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/zone_sets.h"

#include <utility>

#include "engine/mask/zone_lists.h"

namespace longscope {

namespace {

bool meet(const Zone& a, const Zone& b) {
    return !intersect(a, b).empty();
}

void subtract_striped(ZoneSet& set, const StripedZone& removed) {
    ZoneSet rest;
    for (const Zone& zone : set.zones) {
        if (meet(zone, removed.zone)) {
            append_difference(StripedZone(zone), removed, rest);
        } else {
            rest.zones.push_back(zone);
        }
    }
    for (const StripedZone& striped : set.striped) {
        if (meet(striped.zone, removed.zone)) {
            append_difference(striped, removed, rest);
        } else {
            rest.striped.push_back(striped);
        }
    }
    std::swap(set, rest);
}

}  // namespace

void subtract(ZoneSet& set, const ZoneSet& removed) {
    if (!set.striped.empty() && !removed.zones.empty()) {
        // Their borders lose what the zones take; the stripes stay.
        const std::vector<StripedZone> striped = std::exchange(set.striped, {});
        ZoneSet rest;
        for (const StripedZone& whole : striped) {
            ZoneList pieces{whole.zone};
            subtract(pieces, removed.zones);
            for (const Zone& piece : pieces) {
                append_part(whole, piece, rest);
            }
        }
        set.striped = std::move(rest.striped);
        subtract(set.zones, removed.zones);
        set.zones.insert(set.zones.end(), rest.zones.begin(), rest.zones.end());
    } else {
        subtract(set.zones, removed.zones);
    }
    for (const StripedZone& striped : removed.striped) {
        subtract_striped(set, striped);
    }
}

void intersect_sets(ZoneSet& set, const ZoneSet& others) {
    if (set.striped.empty() && others.striped.empty()) {
        intersect_lists(set.zones, others.zones);
        return;
    }
    ZoneSet common;
    for (const StripedZone& striped : others.striped) {
        for (const Zone& zone : set.zones) {
            append_part(striped, zone, common);
        }
        for (const StripedZone& own : set.striped) {
            append_intersection(own, striped, common);
        }
    }
    for (const StripedZone& own : set.striped) {
        for (const Zone& zone : others.zones) {
            append_part(own, zone, common);
        }
    }
    intersect_lists(set.zones, others.zones);
    common.zones.insert(common.zones.end(), set.zones.begin(), set.zones.end());
    std::swap(set, common);
}

void unite_sets(ZoneSet& set, ZoneSet& others) {
    subtract(others, set);
    set.zones.insert(set.zones.end(), others.zones.begin(), others.zones.end());
    set.striped.insert(set.striped.end(), others.striped.begin(), others.striped.end());
}

}  // namespace longscope
