// SPDX-License-Identifier: GPL-3.0-or-later
// Stripes against their definition, number by number.
#include "engine/mask/stripe.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "tests/support/mask_generators.h"
#include "tests/support/striped_generators.h"

namespace longscope {
namespace {

RC_GTEST_PROP(Stripe, CountsAndSumsWhatItContains, ()) {
    const Stripe stripe = *any_stripe();
    const std::int64_t begin = *integer_from(-60, 60);
    const Range range{begin, begin + *integer_from(0, 70)};
    const std::int64_t origin = *integer_from(-60, 60);
    std::int64_t count = 0;
    std::int64_t sum = 0;
    for (std::int64_t x = range.begin; x < range.end; ++x) {
        const bool contained = ((x - stripe.first) % stripe.modulus + stripe.modulus) % stripe.modulus < stripe.width;
        RC_ASSERT(stripe.contains(x) == contained);
        count += contained ? 1 : 0;
        sum += contained ? x - origin : 0;
    }
    RC_ASSERT(stripe.count_in(range) == count);
    RC_ASSERT(stripe.sum_in(range, origin) == sum);
}

RC_GTEST_PROP(Stripe, CountsTheTermsOfAProgression, ()) {
    const Stripe stripe = *any_stripe();
    const Progression numbers{*integer_from(-60, 60), *integer_from(1, 30), *integer_from(0, 50)};
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < numbers.count; ++i) {
        count += stripe.contains(numbers.at(i)) ? 1 : 0;
    }
    RC_ASSERT(stripe.count_of(numbers) == count);
}

RC_GTEST_PROP(Stripe, TeethOfARangeAreThoseThatMeetIt, ()) {
    const Stripe stripe = *any_stripe();
    const std::int64_t begin = *integer_from(-60, 60);
    const Range range{begin, begin + *integer_from(1, 70)};
    const Range teeth = stripe.teeth_in(range);
    for (std::int64_t tooth = -40; tooth < 80; ++tooth) {
        RC_ASSERT(teeth.contains(tooth) == !intersect(stripe.tooth(tooth), range).empty());
    }
}

RC_GTEST_PROP(Stripe, ComplementAndIntersectionAreThoseOfSets, ()) {
    const Stripe a = *any_stripe();
    Stripe b = *any_stripe();
    b = Stripe::of(a.axis, a.modulus, b.first, 1 + b.width % (a.modulus - 1));
    std::vector<Stripe> common;
    intersect(a, b, common);
    for (std::int64_t x = -40; x < 40; ++x) {
        RC_ASSERT(a.complement().contains(x) == !a.contains(x));
        const auto holds_x = [&](const Stripe& part) { return part.contains(x); };
        RC_ASSERT(std::count_if(common.begin(), common.end(), holds_x) == (a.contains(x) && b.contains(x) ? 1 : 0));
    }
}

}  // namespace
}  // namespace longscope
