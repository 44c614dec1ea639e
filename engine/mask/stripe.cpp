// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/stripe.h"

#include <algorithm>

namespace longscope {

namespace {

// The sum of floor((start + i step) / divisor) for i from 0 to count - 1: whole steps and starts are taken out, then
// the triangle below the line is counted by its columns instead of its rows, as in Euclid's algorithm.
std::int64_t sum_of_quotients(std::int64_t count, std::int64_t divisor, std::int64_t step, std::int64_t start) {
    std::int64_t sum = 0;
    std::int64_t sign = 1;
    while (count > 0) {
        const std::int64_t whole_step = floor_divided(step, divisor);
        const std::int64_t whole_start = floor_divided(start, divisor);
        sum += sign * (whole_step * (count * (count - 1) / 2) + whole_start * count);
        step -= whole_step * divisor;
        start -= whole_start * divisor;
        const std::int64_t rows = (step * (count - 1) + start) / divisor;
        if (rows == 0) {
            break;
        }
        // Row j from 1 to `rows` holds the columns from ceil((j divisor - start) / step) to count - 1.
        sum += sign * rows * count;
        sign = -sign;
        // The sum over j of ceil((j divisor - start) / step), as floors of numbers moved on by step - 1.
        const std::int64_t old_step = step;
        step = divisor;
        start = divisor - start + old_step - 1;
        divisor = old_step;
        count = rows;
    }
    return sum;
}

}  // namespace

std::int64_t Stripe::count_of(const Progression& numbers) const {
    // floor((x - first) / modulus) exceeds floor((x - first - width) / modulus) by one where x is in a tooth.
    return sum_of_quotients(numbers.count, modulus, numbers.step, numbers.first - first) -
           sum_of_quotients(numbers.count, modulus, numbers.step, numbers.first - first - width);
}

std::int64_t Stripe::count_in(Range range) const {
    // Of the numbers from `first` up to x, in whole periods and in the last one.
    const auto before = [&](std::int64_t x) {
        const std::int64_t periods = floor_divided(x - first, modulus);
        return periods * width + std::min(x - first - periods * modulus, width);
    };
    return range.empty() ? 0 : before(range.end) - before(range.begin);
}

std::int64_t Stripe::sum_in(Range range, std::int64_t origin) const {
    const Range teeth = teeth_in(range);
    if (range.empty() || teeth.empty()) {
        return 0;
    }
    const auto sum_of = [&](Range x) {
        const Range from_origin{x.begin - origin, x.end - origin};
        return (from_origin.begin + from_origin.end - 1) * from_origin.size() / 2;
    };
    const Range first_tooth = intersect(tooth(teeth.begin), range);
    if (teeth.size() == 1) {
        return sum_of(first_tooth);
    }
    // Those between the first and the last are whole.
    const std::int64_t whole = teeth.size() - 2;
    const std::int64_t first_whole = sum_of(tooth(teeth.begin + 1));
    const std::int64_t between = whole * first_whole + modulus * width * (whole * (whole - 1) / 2);
    return sum_of(first_tooth) + (whole > 0 ? between : 0) + sum_of(intersect(tooth(teeth.end - 1), range));
}

void intersect(const Stripe& a, const Stripe& b, std::vector<Stripe>& common) {
    common.clear();
    // In one period of a, which begins with its tooth, b has up to two pieces.
    const std::int64_t begin = b.first >= a.first ? b.first - a.first : b.first - a.first + a.modulus;
    for (const Range piece : {Range{begin, begin + b.width}, Range{begin - a.modulus, begin - a.modulus + b.width}}) {
        if (const Range kept = intersect(piece, {0, a.width}); !kept.empty()) {
            common.push_back(Stripe::of(a.axis, a.modulus, a.first + kept.begin, kept.size()));
        }
    }
}

Stripe transposed(const Stripe& stripe) {
    switch (stripe.axis) {
        case StripeAxis::query:
            return {StripeAxis::key, stripe.modulus, stripe.first, stripe.width};
        case StripeAxis::key:
            return {StripeAxis::query, stripe.modulus, stripe.first, stripe.width};
        case StripeAxis::diagonal:
            break;
    }
    // Diagonals change their sign, and with it the end of a tooth at which it begins.
    return Stripe::of(StripeAxis::diagonal, stripe.modulus, -(stripe.first + stripe.width - 1), stripe.width);
}

}  // namespace longscope
