// SPDX-License-Identifier: GPL-3.0-or-later
// Parameters are drawn as plain integers and put in order, so that whatever shrinks stays a stripe or a zone.
#include "tests/support/striped_generators.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/support/mask_generators.h"

namespace longscope {

std::ostream& operator<<(std::ostream& out, const Stripe& stripe) {
    return out << "qkd"[static_cast<int>(stripe.axis)] << " mod " << stripe.modulus << " in [" << stripe.first << ", "
               << stripe.first + stripe.width << ")";
}

std::ostream& operator<<(std::ostream& out, const StripedZone& striped) {
    const Zone& zone = striped.zone;
    out << "q [" << zone.q.begin << ", " << zone.q.end << ") k [" << zone.k.begin << ", " << zone.k.end << ") d ["
        << zone.d.begin << ", " << zone.d.end << ")";
    for (const Stripe& stripe : striped.stripes()) {
        out << ", " << stripe;
    }
    return out;
}

rc::Gen<Stripe> any_stripe() {
    return rc::gen::map(
        rc::gen::tuple(integer_from(0, 2), integer_from(2, 9), integer_from(0, 40), integer_from(0, 40)),
        [](const std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>& drawn) {
            const auto [axis, modulus, first, width] = drawn;
            return Stripe::of(static_cast<StripeAxis>(axis), modulus, first, 1 + width % (modulus - 1));
        });
}

rc::Gen<StripedZone> any_striped_zone() {
    const auto range = [](std::int64_t first, std::int64_t last) {
        return rc::gen::map(rc::gen::pair(integer_from(first, last), integer_from(first, last)),
                            [](const std::pair<std::int64_t, std::int64_t>& ends) {
                                return Range{std::min(ends.first, ends.second), std::max(ends.first, ends.second)};
                            });
    };
    const auto zone = rc::gen::map(
        rc::gen::tuple(range(0, striped_tokens), range(0, striped_tokens), range(-striped_tokens, striped_tokens)),
        [](const std::tuple<Range, Range, Range>& ranges) {
            return Zone{std::get<0>(ranges), std::get<1>(ranges), std::get<2>(ranges)};
        });
    return rc::gen::map(rc::gen::pair(zone, rc::gen::container<std::vector<Stripe>>(any_stripe())),
                        [](const std::pair<Zone, std::vector<Stripe>>& drawn) {
                            StripedZone striped(drawn.first);
                            for (const Stripe& stripe : drawn.second) {
                                const auto own = striped.stripes();
                                const bool there = std::any_of(own.begin(), own.end(), [&](const Stripe& other) {
                                    return other.axis == stripe.axis && other.modulus == stripe.modulus;
                                });
                                if (!there && own.size() < StripedZone::max_stripes) {
                                    striped.add(stripe);
                                }
                            }
                            return striped;
                        });
}

}  // namespace longscope
