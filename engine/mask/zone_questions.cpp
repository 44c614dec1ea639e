// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/zone_questions.h"

#include <algorithm>

namespace longscope {

namespace {

void widen(Range& extent, Range keys) {
    extent = {std::min(extent.begin, keys.begin), std::max(extent.end, keys.end)};
}

}  // namespace

std::int64_t pairs_of_rule(const StripedZone& striped, const Zone& part, StripeAxis axis, const Progression& rule) {
    const Zone inside = cut(part, axis, {rule.first, rule.at(rule.count - 1) + 1});
    return rule.step == 1 ? pairs(striped, inside) : pairs(striped, inside, Stripe::of(axis, rule.step, rule.first, 1));
}

std::int64_t pairs_with(const Zone& zone, Range rows, const TokenSet& keys) {
    const Zone part = intersect(zone, Zone{rows, zone.k, zone.d});
    if (part == box_zone({part.q, part.k})) {
        return part.q.size() * keys.count_in(part.k);
    }
    std::int64_t sum = 0;
    // Slanted: key range by key range, or row by row where the keys are in more pieces than there are rows.
    const auto [first, last] = keys.ranges_meeting(part.k);
    if (last - first <= static_cast<std::size_t>(part.q.size())) {
        for (std::size_t i = first; i < last; ++i) {
            sum += pairs(intersect(part, Zone{part.q, keys.ranges()[i], part.d}));
        }
        return sum;
    }
    for (std::int64_t query = part.q.begin; query < part.q.end; ++query) {
        sum += keys.count_in(part.row(query));
    }
    return sum;
}

std::int64_t pairs_with(const StripedZone& striped, Range rows, const TokenSet& keys) {
    const Zone part = intersect(striped.zone, Zone{rows, striped.zone.k, striped.zone.d});
    if (const Progression* rule = keys.rule()) {
        return pairs_of_rule(striped, part, StripeAxis::key, *rule);
    }
    std::int64_t sum = 0;
    const auto [first, last] = keys.ranges_meeting(part.k);
    for (std::size_t i = first; i < last; ++i) {
        sum += pairs(striped, cut(part, StripeAxis::key, keys.ranges()[i]));
    }
    return sum;
}

std::int64_t pairs(const ZoneSet& set) {
    std::int64_t sum = 0;
    for (const Zone& zone : set.zones) {
        sum += pairs(zone);
    }
    for (const StripedZone& striped : set.striped) {
        sum += pairs(striped);
    }
    return sum;
}

void add_key_extent(const Zone& zone, Range rows, Range& extent) {
    if (const Zone part = intersect(zone, Zone{rows, zone.k, zone.d}); !part.empty()) {
        widen(extent, part.k);
    }
}

void add_key_extent(const StripedZone& striped, Range rows, Range& extent) {
    ZoneSet parts;
    append_part(striped, {rows, striped.zone.k, striped.zone.d}, parts);
    for (const Zone& part : parts.zones) {
        widen(extent, part.k);
    }
    for (const StripedZone& part : parts.striped) {
        widen(extent, part.zone.k);
    }
}

void join_runs(std::vector<Range>& runs) {
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

}  // namespace longscope
