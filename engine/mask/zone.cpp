// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/zone.h"

namespace longscope {

namespace {

// Sum of the first `count` numbers from `first` in steps.
std::int64_t sum_of_series(std::int64_t first, std::int64_t step, std::int64_t count) {
    return count * first + step * (count * (count - 1) / 2);
}

// Sum over all rows q of min(limit, q + shift).
std::int64_t sum_of_minimum(const Progression& q, std::int64_t limit, std::int64_t shift) {
    // Of the rows before limit - shift the line q + shift is the smaller one.
    const std::int64_t rising = q.count_before(limit - shift);
    return sum_of_series(q.first + shift, q.step, rising) + (q.count - rising) * limit;
}

Range negated(Range d) {
    return {1 - d.end, 1 - d.begin};
}

// Inside a, b is the same set without some of its bounds: those that its other bounds and a imply. To cut along them
// would split a for nothing, so each that is not needed is widened to a's own; the band first, so that boxes stay
// boxes.
Zone without_implied_bounds(Zone b, const Zone& a, const Zone& common) {
    for (Range Zone::*side : {&Zone::d, &Zone::k, &Zone::q}) {
        for (std::int64_t Range::*bound : {&Range::begin, &Range::end}) {
            Zone wider = b;
            (wider.*side).*bound = (a.*side).*bound;
            if (intersect(a, wider) == common) {
                b = wider;
            }
        }
    }
    return b;
}

}  // namespace

Zone box_zone(const Box& box) {
    return tightened({box.q, box.k, {-2 * max_tokens, 2 * max_tokens}});
}

Zone tightened(const Zone& zone) {
    if (zone.empty()) {
        return {};
    }
    // Shortest paths over the three nodes q, k and 0 have at most two edges: one round closes the system.
    const std::int64_t q_last = zone.q.end - 1;
    const std::int64_t k_last = zone.k.end - 1;
    const std::int64_t d_last = zone.d.end - 1;
    const Zone tight{
        {std::max(zone.q.begin, zone.k.begin - d_last), std::min(q_last, k_last - zone.d.begin) + 1},
        {std::max(zone.k.begin, zone.q.begin + zone.d.begin), std::min(k_last, q_last + d_last) + 1},
        {std::max(zone.d.begin, zone.k.begin - q_last), std::min(d_last, k_last - zone.q.begin) + 1},
    };
    return tight.empty() ? Zone{} : tight;
}

Zone intersect(const Zone& a, const Zone& b) {
    return tightened({intersect(a.q, b.q), intersect(a.k, b.k), intersect(a.d, b.d)});
}

void append_difference(const Zone& a, const Zone& b, ZoneList& out) {
    const Zone common = intersect(a, b);
    if (common.empty()) {
        if (const Zone whole = tightened(a); !whole.empty()) {
            out.push_back(whole);
        }
        return;
    }
    Zone rest = a;
    const auto cut = [&](Range Zone::*side, std::int64_t at_begin, std::int64_t at_end) {
        Zone before = rest;
        (before.*side).end = std::min((rest.*side).end, at_begin);
        if (before = tightened(before); !before.empty()) {
            out.push_back(before);
        }
        Zone after = rest;
        (after.*side).begin = std::max((rest.*side).begin, at_end);
        if (after = tightened(after); !after.empty()) {
            out.push_back(after);
        }
        rest.*side = intersect(rest.*side, {at_begin, at_end});
    };
    // Rows first, then the band: the pieces that are left keep the long edges of the mask whole.
    const Zone needed = without_implied_bounds(b, a, common);
    cut(&Zone::q, needed.q.begin, needed.q.end);
    cut(&Zone::d, needed.d.begin, needed.d.end);
    cut(&Zone::k, needed.k.begin, needed.k.end);
}

std::int64_t pairs(const Zone& zone) {
    return pairs(zone, {zone.q.begin, 1, zone.q.size()});
}

std::int64_t pairs(const Zone& zone, const Progression& rows) {
    const Zone tight = tightened(zone);
    const std::int64_t before = rows.count_before(tight.q.begin);
    const Progression q{rows.at(before), rows.step, rows.count_before(tight.q.end) - before};
    if (q.count <= 0) {
        return 0;
    }
    // Tight: every row holds at least one key, so no term of the sum is negative.
    // max(k0, q + d0) = -min(-k0, -q - d0) is summed as k0 + q + d0 - min(k0, q + d0).
    const std::int64_t ends = sum_of_minimum(q, tight.k.end, tight.d.end);
    const std::int64_t lines = q.count * tight.k.begin + sum_of_series(q.first + tight.d.begin, q.step, q.count);
    const std::int64_t begins = lines - sum_of_minimum(q, tight.k.begin, tight.d.begin);
    return ends - begins;
}

Zone transposed(const Zone& zone) {
    return {zone.k, zone.q, negated(zone.d)};
}

}  // namespace longscope
