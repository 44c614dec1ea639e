// SPDX-License-Identifier: GPL-3.0-or-later
// How many pairs striped zones have.
#include <algorithm>
#include <numeric>

#include "engine/mask/striped_zone.h"

namespace longscope {

namespace {

// How many pairs a tight zone has at one position of an axis is min(high, high_line + slope x) - max(low, low_line +
// slope x): a sum of it over a stripe is a sum over three linear pieces.
struct Lengths {
    std::int64_t high;
    std::int64_t high_line;
    std::int64_t low;
    std::int64_t low_line;
    std::int64_t slope;

    [[nodiscard]] std::int64_t at(std::int64_t x) const {
        return std::min(high, high_line + slope * x) - std::max(low, low_line + slope * x);
    }
    [[nodiscard]] std::int64_t sum(Range piece, const Stripe& stripe) const {
        if (piece.empty()) {
            return 0;
        }
        const std::int64_t at_begin = at(piece.begin);
        const std::int64_t rise = piece.size() > 1 ? at(piece.begin + 1) - at_begin : 0;
        const std::int64_t level = at_begin == 0 ? 0 : at_begin * stripe.count_in(piece);
        return level + (rise == 0 ? 0 : rise * stripe.sum_in(piece, piece.begin));
    }
};

Lengths lengths_along(const Zone& zone, StripeAxis axis) {
    switch (axis) {
        case StripeAxis::query:
            return {zone.k.end, zone.d.end, zone.k.begin, zone.d.begin, 1};
        case StripeAxis::key:
            return {zone.q.end, 1 - zone.d.begin, zone.q.begin, 1 - zone.d.end, 1};
        case StripeAxis::diagonal:
            break;
    }
    return {zone.q.end, zone.k.end, zone.q.begin, zone.k.begin, -1};
}

std::int64_t pairs_under(const Zone& tight, const Stripe& stripe) {
    const Range all = extent(tight, stripe.axis);
    const Lengths lengths = lengths_along(tight, stripe.axis);
    const auto inside = [&](std::int64_t x) { return std::clamp(x, all.begin, all.end); };
    const std::int64_t a = inside(lengths.slope * (lengths.high - lengths.high_line));
    const std::int64_t b = inside(lengths.slope * (lengths.low - lengths.low_line));
    return lengths.sum({all.begin, std::min(a, b)}, stripe) + lengths.sum({std::min(a, b), std::max(a, b)}, stripe) +
           lengths.sum({std::max(a, b), all.end}, stripe);
}

bool is_box(const Zone& tight) {
    return tight.d.begin == tight.k.begin - tight.q.end + 1 && tight.d.end == tight.k.end - tight.q.begin;
}

// Of the range, the numbers that all stripes contain, whatever their axes.
std::int64_t count_in_all(Range range, std::span<const Stripe> stripes) {
    if (range.empty()) {
        return 0;
    }
    if (stripes.size() == 1) {
        return stripes.front().count_in(range);
    }
    const auto count = [&](Range part) {
        const Stripe& sparsest = stripes.front();
        const Range teeth = sparsest.teeth_in(part);
        std::int64_t sum = 0;
        for (std::int64_t tooth = teeth.begin; tooth < teeth.end; ++tooth) {
            sum += count_in_all(intersect(part, sparsest.tooth(tooth)), stripes.subspan(1));
        }
        return sum;
    };
    // What they share repeats itself after the least common multiple of their periods.
    std::int64_t period = 1;
    for (const Stripe& stripe : stripes) {
        period = std::lcm(period, stripe.modulus);
        if (period >= range.size()) {
            return count(range);
        }
    }
    const std::int64_t periods = range.size() / period;
    return periods * count({range.begin, range.begin + period}) + count({range.begin + periods * period, range.end});
}

// Of a row, a column or a diagonal: stripes of all axes are then stripes of one.
std::int64_t pairs_of_line(const Zone& tight, std::span<const Stripe> stripes) {
    const bool one_row = tight.q.size() == 1;
    const StripeAxis along = one_row ? StripeAxis::key : StripeAxis::query;
    std::array<Stripe, StripedZone::max_stripes + 1> moved;
    auto end = moved.begin();
    for (const Stripe& stripe : stripes) {
        const StripeAxis axis = stripe.axis;
        // The other axes have one number here, or follow this one at a distance.
        if (axis == along) {
            *end++ = stripe;
        } else if (extent(tight, axis).size() == 1) {
            if (!stripe.contains(extent(tight, axis).begin)) {
                return 0;
            }
        } else if (one_row) {
            *end++ = stripe.moved(tight.q.begin);  // of diagonals: k - q
        } else if (axis == StripeAxis::key) {
            *end++ = stripe.moved(-tight.d.begin);  // one diagonal: k = q + d
        } else {
            // One column: q = k - d runs against d.
            const Stripe mirrored = transposed(stripe);
            *end++ = mirrored.moved(tight.k.begin);
        }
    }
    if (end == moved.begin()) {
        return extent(tight, along).size();
    }
    std::iter_swap(moved.begin(), std::max_element(moved.begin(), end, [](const Stripe& a, const Stripe& b) {
                       return a.modulus < b.modulus;
                   }));
    return count_in_all(extent(tight, along), {moved.begin(), end});
}

std::int64_t pairs_under(const Zone& any_zone, std::span<const Stripe> stripes) {
    const Zone tight = tightened(any_zone);
    if (tight.empty()) {
        return 0;
    }
    if (stripes.empty()) {
        return pairs(tight);
    }
    if (stripes.size() == 1) {
        return pairs_under(tight, stripes.front());
    }
    if (tight.q.size() == 1 || tight.k.size() == 1 || tight.d.size() == 1) {
        return pairs_of_line(tight, stripes);
    }
    const bool crossed = stripes.size() == 2 && stripes[0].axis != stripes[1].axis &&
                         stripes[0].axis != StripeAxis::diagonal && stripes[1].axis != StripeAxis::diagonal;
    if (crossed && is_box(tight)) {
        return stripes[0].count_in(extent(tight, stripes[0].axis)) *
               stripes[1].count_in(extent(tight, stripes[1].axis));
    }
    // Tooth by tooth of the stripe with the fewest, under the others.
    std::array<Stripe, StripedZone::max_stripes + 1> others;
    std::copy(stripes.begin(), stripes.end(), others.begin());
    const auto teeth_of = [&](const Stripe& stripe) { return stripe.teeth_in(extent(tight, stripe.axis)); };
    const auto end = others.begin() + static_cast<std::ptrdiff_t>(stripes.size());
    std::iter_swap(
        std::min_element(others.begin(), end,
                         [&](const Stripe& a, const Stripe& b) { return teeth_of(a).size() < teeth_of(b).size(); }),
        end - 1);
    const Stripe chosen = *(end - 1);
    const Range teeth = teeth_of(chosen);
    std::int64_t sum = 0;
    for (std::int64_t tooth = teeth.begin; tooth < teeth.end; ++tooth) {
        sum += pairs_under(cut(tight, chosen.axis, chosen.tooth(tooth)), {others.data(), stripes.size() - 1});
    }
    return sum;
}

}  // namespace

std::int64_t pairs(const StripedZone& striped) {
    return pairs_under(striped.zone, striped.stripes());
}

std::int64_t pairs(const StripedZone& striped, const Zone& inside) {
    return pairs_under(intersect(striped.zone, inside), striped.stripes());
}

std::int64_t pairs(const StripedZone& striped, const Zone& inside, const Stripe& further) {
    std::array<Stripe, StripedZone::max_stripes + 1> all;
    const auto stripes = striped.stripes();
    std::copy(stripes.begin(), stripes.end(), all.begin());
    all.at(stripes.size()) = further;
    return pairs_under(intersect(striped.zone, inside), {all.data(), stripes.size() + 1});
}

}  // namespace longscope
