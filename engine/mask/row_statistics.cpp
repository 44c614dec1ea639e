// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/row_statistics.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "engine/mask/bitmap_mask.h"
#include "engine/mask/zone_mask.h"

namespace longscope {

namespace {

// After how many rows what a stripe keeps of a row repeats; 1 where all rows of the zone hold as much of it.
std::int64_t period_of(const Stripe& stripe, const Zone& tight) {
    const bool box = tight.d.begin == tight.k.begin - tight.q.end + 1 && tight.d.end == tight.k.end - tight.q.begin;
    const bool band = tight.k.begin == tight.q.begin + tight.d.begin && tight.k.end == tight.q.end - 1 + tight.d.end;
    const bool constant = stripe.axis == StripeAxis::key ? box : stripe.axis == StripeAxis::diagonal && band;
    return constant ? 1 : stripe.modulus;
}

// At most `rows`.
std::int64_t period_of(const std::vector<StripedZone>& all, std::int64_t rows) {
    std::int64_t period = 1;
    for (const StripedZone& striped : all) {
        for (const Stripe& stripe : striped.stripes()) {
            period = std::lcm(period, period_of(stripe, striped.zone));
            if (period >= rows) {
                return rows;
            }
        }
    }
    return period;
}

// The number of keys of a row is a sum of functions, one a zone, that are linear between the rows where the zone
// begins, ends, or one of its sides gives way to its diagonal; under stripes they are so from each row to that one
// period below. The least and the most keys stand within a period of such rows.
std::vector<std::int64_t> rows_with_extremes(const ZoneList& zones, const std::vector<StripedZone>& all_striped,
                                             Range all_rows) {
    const std::int64_t period = period_of(all_striped, all_rows.size());
    const Range near{all_rows.begin - period, all_rows.end + period};
    std::vector<std::int64_t> turns{all_rows.begin, all_rows.end - 1};
    Range last_box;
    const auto add = [&](const Zone& zone) {
        // All rows of a box hold the same. Boxes often share their rows.
        const bool is_box = zone.d.begin == zone.k.begin - zone.q.end + 1 && zone.d.end == zone.k.end - zone.q.begin;
        if (is_box && zone.q == last_box) {
            return;
        }
        last_box = is_box ? zone.q : last_box;
        for (const std::int64_t turn : {zone.q.begin, zone.q.end, zone.k.begin - zone.d.begin, zone.k.end - zone.d.end,
                                        zone.k.begin - zone.d.end, zone.k.end - zone.d.begin}) {
            if (near.contains(turn)) {
                turns.push_back(turn);
            }
        }
    };
    for (const Zone& zone : zones) {
        add(zone);
    }
    for (const StripedZone& striped : all_striped) {
        add(striped.zone);
    }
    std::sort(turns.begin(), turns.end());
    std::vector<std::int64_t> rows;
    std::int64_t next = all_rows.begin;
    for (const std::int64_t turn : turns) {
        for (next = std::max(next, turn - period); next <= std::min(turn + period, all_rows.end - 1); ++next) {
            rows.push_back(next);
        }
    }
    return rows;
}

}  // namespace

RowStatistics row_statistics(const Mask& mask) {
    if (mask.query_tokens() == 0) {
        return {};
    }
    RowStatistics result{std::numeric_limits<std::int64_t>::max(), 0,
                         static_cast<double>(mask.pairs()) / static_cast<double>(mask.query_tokens())};
    const auto visit = [&](std::int64_t row) {
        const std::int64_t keys = mask.pairs_in({{row, row + 1}, {0, mask.key_tokens()}});
        result.min_keys = std::min(result.min_keys, keys);
        result.max_keys = std::max(result.max_keys, keys);
    };
    if (const auto* zones = dynamic_cast<const ZoneMask*>(&mask)) {
        for (const std::int64_t row : rows_with_extremes(zones->zones(), zones->striped(), mask.box().q)) {
            visit(row);
        }
    } else if (const auto* lazy = dynamic_cast<const LazyMask*>(&mask); lazy != nullptr && !bitmap_of(mask)) {
        ZoneSet set;
        for (std::int64_t i = 0; i < lazy->slabs(); ++i) {
            lazy->zones_in(lazy->slab(i), set);
            for (const std::int64_t row : rows_with_extremes(set.zones, set.striped, lazy->slab(i))) {
                visit(row);
            }
        }
    } else {
        for (std::int64_t row = 0; row < mask.query_tokens(); ++row) {
            visit(row);
        }
    }
    return result;
}

}  // namespace longscope
