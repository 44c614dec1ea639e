// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/zone.h"

namespace longscope {

namespace {

// Sum over q in [begin, end) of min(limit, q + shift).
std::int64_t sum_of_minimum(Range q, std::int64_t limit, std::int64_t shift) {
    // Below `turn` the line q + shift is the smaller one.
    const std::int64_t turn = std::clamp(limit - shift, q.begin, q.end);
    const std::int64_t rising = turn - q.begin;
    // An arithmetic series; first + last and the count are never both odd.
    const std::int64_t series = rising == 0 ? 0 : rising * (q.begin + turn - 1 + 2 * shift) / 2;
    return series + (q.end - turn) * limit;
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
    const Zone tight = tightened(zone);
    if (tight.empty()) {
        return 0;
    }
    // Tight: every row holds at least one key, so no term of the sum is negative.
    // max(k0, q + d0) = -min(-k0, -q - d0) is summed as k0 + q + d0 - min(k0, q + d0).
    const Range q = tight.q;
    const std::int64_t ends = sum_of_minimum(q, tight.k.end, tight.d.end);
    const std::int64_t lines = q.size() * tight.k.begin + q.size() * (q.begin + q.end - 1 + 2 * tight.d.begin) / 2;
    const std::int64_t begins = lines - sum_of_minimum(q, tight.k.begin, tight.d.begin);
    return ends - begins;
}

Zone transposed(const Zone& zone) {
    return {zone.k, zone.q, negated(zone.d)};
}

}  // namespace longscope
