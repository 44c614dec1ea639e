// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/striped_zone.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/mask/teeth_limit.h"
#include "engine/mask/zone_limit.h"

namespace longscope {

namespace {

Range Zone::*side_of(StripeAxis axis) {
    return axis == StripeAxis::query ? &Zone::q : axis == StripeAxis::key ? &Zone::k : &Zone::d;
}

std::int64_t position_of(StripeAxis axis, std::int64_t query, std::int64_t key) {
    return axis == StripeAxis::query ? query : axis == StripeAxis::key ? key : key - query;
}

// Cuts the borders to the teeth, and drops stripes of one tooth. Whether anything is left.
bool normalize(StripedZone& striped) {
    striped.zone = tightened(striped.zone);
    for (std::size_t i = 0; i < striped.stripes().size();) {
        if (striped.zone.empty()) {
            return false;
        }
        const Stripe stripe = striped.stripes()[i];
        const Range range = extent(striped.zone, stripe.axis);
        const Range teeth = stripe.teeth_in(range);
        if (teeth.empty()) {
            return false;
        }
        const Range kept{std::max(range.begin, stripe.tooth(teeth.begin).begin),
                         std::min(range.end, stripe.tooth(teeth.end - 1).end)};
        if (teeth.size() == 1) {
            striped.remove(i);
        } else {
            ++i;
        }
        if (kept != range) {
            striped.zone = cut(striped.zone, stripe.axis, kept);
            i = 0;
        }
    }
    return !striped.zone.empty();
}

void append_normalized(StripedZone striped, ZoneSet& out) {
    if (!normalize(striped)) {
        return;
    }
    if (striped.stripes().empty()) {
        out.zones.push_back(striped.zone);
    } else {
        out.striped.push_back(striped);
    }
}

// Calls visit(part) with the parts of `striped` under one more stripe.
template <typename Visit>
void with_stripe(const StripedZone& striped, const Stripe& stripe, Visit visit) {
    const auto stripes = striped.stripes();
    for (std::size_t i = 0; i < stripes.size(); ++i) {
        if (stripes[i].axis == stripe.axis && stripes[i].modulus == stripe.modulus) {
            std::vector<Stripe> common;
            intersect(stripes[i], stripe, common);
            for (const Stripe& part : common) {
                StripedZone under = striped;
                under.replace(i, part);
                visit(under);
            }
            return;
        }
    }
    StripedZone under = striped;
    if (stripes.size() < StripedZone::max_stripes) {
        under.add(stripe);
        visit(under);
        return;
    }
    const Range teeth = stripe.teeth_in(extent(striped.zone, stripe.axis));
    require_teeth(teeth.size(), 0);
    for (std::int64_t tooth = teeth.begin; tooth < teeth.end; ++tooth) {
        under.zone = cut(striped.zone, stripe.axis, stripe.tooth(tooth));
        visit(under);
    }
}

// `parts` under all stripes of the span.
std::vector<StripedZone> under_all(std::vector<StripedZone> parts, std::span<const Stripe> stripes) {
    std::vector<StripedZone> next;
    for (const Stripe& stripe : stripes) {
        next.clear();
        for (const StripedZone& part : parts) {
            with_stripe(part, stripe, [&](const StripedZone& under) { next.push_back(under); });
        }
        parts.swap(next);
    }
    return parts;
}

StripedZone part_inside(const StripedZone& striped, const Zone& zone) {
    StripedZone part = striped;
    part.zone = intersect(striped.zone, zone);
    return part;
}

void append_teeth_of_row(std::span<const Stripe> stripes, std::int64_t query, Range keys, std::vector<Range>& runs) {
    if (keys.empty()) {
        return;
    }
    if (stripes.empty()) {
        runs.push_back(keys);
        return;
    }
    const Stripe& stripe = stripes.front();
    if (stripe.axis == StripeAxis::query) {
        if (stripe.contains(query)) {
            append_teeth_of_row(stripes.subspan(1), query, keys, runs);
        }
        return;
    }
    const Stripe of_keys = stripe.axis == StripeAxis::diagonal ? stripe.moved(query) : stripe;
    const Range teeth = of_keys.teeth_in(keys);
    for (std::int64_t tooth = teeth.begin; tooth < teeth.end; ++tooth) {
        append_teeth_of_row(stripes.subspan(1), query, intersect(keys, of_keys.tooth(tooth)), runs);
    }
}

void append_teeth_of(const Zone& zone, std::span<const Stripe> stripes, ZoneList& out) {
    if (zone.empty()) {
        return;
    }
    if (stripes.empty()) {
        out.push_back(zone);
        return;
    }
    const Stripe& stripe = stripes.front();
    const Range teeth = stripe.teeth_in(extent(zone, stripe.axis));
    require_teeth(teeth.size(), out.size());
    for (std::int64_t tooth = teeth.begin; tooth < teeth.end; ++tooth) {
        append_teeth_of(cut(zone, stripe.axis, stripe.tooth(tooth)), stripes.subspan(1), out);
    }
}

}  // namespace

void require_teeth(std::int64_t teeth, std::size_t zones) {
    if (teeth > max_zones - static_cast<std::int64_t>(zones)) {
        throw bad_input(
            "mask", "a pattern of strides", "is too fine to be cut by others, or written, zone by zone",
            fmt::format("at most {} zones: larger strides, or a shorter sequence", format_count(max_zones)));
    }
}

Range extent(const Zone& zone, StripeAxis axis) {
    return zone.*side_of(axis);
}

Zone cut(const Zone& zone, StripeAxis axis, Range range) {
    Zone part = zone;
    Range& side = part.*side_of(axis);
    side = intersect(side, range);
    return tightened(part);
}

bool StripedZone::contains(std::int64_t query, std::int64_t key) const {
    return zone.contains(query, key) &&
           std::all_of(stripes_.begin(), stripes_.begin() + static_cast<std::ptrdiff_t>(count_),
                       [&](const Stripe& stripe) { return stripe.contains(position_of(stripe.axis, query, key)); });
}

void append_part(const StripedZone& striped, const Zone& zone, ZoneSet& out) {
    append_normalized(part_inside(striped, zone), out);
}

void append_intersection(const StripedZone& a, const StripedZone& b, ZoneSet& out) {
    const StripedZone common = part_inside(a, b.zone);
    if (common.zone.empty()) {
        return;
    }
    for (const StripedZone& part : under_all({common}, b.stripes())) {
        append_normalized(part, out);
    }
}

void append_difference(const StripedZone& a, const StripedZone& b, ZoneSet& out) {
    ZoneSet common;
    append_intersection(a, b, common);
    if (common.empty()) {
        append_normalized(a, out);
        return;
    }
    ZoneList outside;
    append_difference(a.zone, b.zone, outside);
    for (const Zone& zone : outside) {
        append_part(a, zone, out);
    }
    // Inside of b's borders: what is under its first stripes but not under the next one.
    std::vector<StripedZone> parts{part_inside(a, b.zone)};
    for (const Stripe& stripe : b.stripes()) {
        for (const StripedZone& part : under_all(parts, std::array{stripe.complement()})) {
            append_normalized(part, out);
        }
        parts = under_all(std::move(parts), std::array{stripe});
    }
}

void append_row_runs(const StripedZone& striped, std::int64_t query, std::vector<Range>& runs) {
    append_teeth_of_row(striped.stripes(), query, striped.zone.row(query), runs);
}

void append_teeth(const StripedZone& striped, ZoneList& out) {
    append_teeth_of(striped.zone, striped.stripes(), out);
}

StripedZone transposed(const StripedZone& striped) {
    StripedZone mirror(transposed(striped.zone));
    for (const Stripe& stripe : striped.stripes()) {
        mirror.add(transposed(stripe));
    }
    return mirror;
}

Zone translated(const Zone& zone, std::int64_t queries, std::int64_t keys) {
    return {{zone.q.begin + queries, zone.q.end + queries},
            {zone.k.begin + keys, zone.k.end + keys},
            {zone.d.begin + keys - queries, zone.d.end + keys - queries}};
}

StripedZone translated(const StripedZone& striped, std::int64_t queries, std::int64_t keys) {
    StripedZone moved(translated(striped.zone, queries, keys));
    for (const Stripe& stripe : striped.stripes()) {
        moved.add(stripe.moved(position_of(stripe.axis, queries, keys)));
    }
    return moved;
}

}  // namespace longscope
