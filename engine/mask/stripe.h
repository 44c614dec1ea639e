// SPDX-License-Identifier: GPL-3.0-or-later
// Congruences that cut zones: every modulus-th query, key or diagonal, and `width - 1` after it. Dilated and strided
// patterns are zones under one of these, whatever their length.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/zone.h"

namespace longscope {

// Rounds down, also below 0.
[[nodiscard]] constexpr std::int64_t floor_divided(std::int64_t value, std::int64_t divisor) {
    return value / divisor - (value % divisor < 0 ? 1 : 0);
}
[[nodiscard]] constexpr std::int64_t ceil_divided(std::int64_t value, std::int64_t divisor) {
    return -floor_divided(-value, divisor);
}

enum class StripeAxis : std::uint8_t { query, key, diagonal };

// All x with (x - first) mod modulus < width, x being the query, the key, or k - q. Its teeth are the runs of such x.
struct Stripe {
    StripeAxis axis = StripeAxis::key;
    std::int64_t modulus = 1;  // from 2 to 2^31
    std::int64_t first = 0;    // from 0, below the modulus
    std::int64_t width = 1;    // from 1, below the modulus

    // Of any beginning.
    [[nodiscard]] static Stripe of(StripeAxis axis, std::int64_t modulus, std::int64_t first, std::int64_t width) {
        return {axis, modulus, first - floor_divided(first, modulus) * modulus, width};
    }

    [[nodiscard]] bool contains(std::int64_t x) const {
        return x - first - floor_divided(x - first, modulus) * modulus < width;
    }
    // The teeth that have something of the range: numbers for tooth().
    [[nodiscard]] Range teeth_in(Range range) const {
        return {floor_divided(range.begin - first - width, modulus) + 1, ceil_divided(range.end - first, modulus)};
    }
    [[nodiscard]] Range tooth(std::int64_t number) const {
        return {first + number * modulus, first + number * modulus + width};
    }
    // How many x of the range it has.
    [[nodiscard]] std::int64_t count_in(Range range) const;
    // The sum of x - origin over these.
    [[nodiscard]] std::int64_t sum_in(Range range, std::int64_t origin) const;

    // How many of these it has; the logarithm of the modulus in time, however many they are.
    [[nodiscard]] std::int64_t count_of(const Progression& numbers) const;

    [[nodiscard]] Stripe complement() const { return of(axis, modulus, first + width, modulus - width); }
    [[nodiscard]] Stripe moved(std::int64_t distance) const { return of(axis, modulus, first + distance, width); }

    [[nodiscard]] bool operator==(const Stripe&) const = default;
};

// Replaces `common` by what two stripes of the same axis and modulus share: none, one or two stripes.
void intersect(const Stripe& a, const Stripe& b, std::vector<Stripe>& common);

// The stripe of the mirror image (q, k) -> (k, q).
[[nodiscard]] Stripe transposed(const Stripe& stripe);

}  // namespace longscope
