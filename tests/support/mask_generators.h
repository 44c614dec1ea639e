// SPDX-License-Identifier: GPL-3.0-or-later
// RapidCheck generators of mask expressions over small domains. Everything is built from generators that shrink, so
// that a failing property ends in a small expression over few tokens.
#pragma once

#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <ostream>
#include <vector>

#include "engine/base/json.h"
#include "engine/mask/expression.h"
#include "engine/mask/token_set.h"

namespace longscope {

inline constexpr std::int64_t most_generated_tokens = 48;

// An expression and the domain that it is meant for.
struct MaskCase {
    MaskDomain domain;
    Json expression;

    [[nodiscard]] std::unique_ptr<Mask> compiled() const {
        return compile_mask(parse_mask(expression, "mask"), domain);
    }
};

std::ostream& operator<<(std::ostream& out, const MaskCase& mask);

// Both ends included.
[[nodiscard]] rc::Gen<std::int64_t> integer_from(std::int64_t first, std::int64_t last);

// Packed documents (many of one token), one document, or as many queries and keys as it happens.
[[nodiscard]] rc::Gen<MaskDomain> mask_domain();

[[nodiscard]] rc::Gen<Json> leaf_expression(const MaskDomain& domain);

// A range that is not empty and lies in [0, tokens).
[[nodiscard]] rc::Gen<Range> range_inside(std::int64_t tokens);

// For a domain that has so many tokens on the side that is ordered.
[[nodiscard]] rc::Gen<Json> token_order_for(std::int64_t tokens);

// At most `depth` operators above each leaf. Masks of other forms than zones come from permutations.
[[nodiscard]] rc::Gen<Json> mask_expression(const MaskDomain& domain, int depth, bool any_form = false);

[[nodiscard]] rc::Gen<MaskCase> mask_case(int depth = 3, bool any_form = false);

// Ranges around [0, tokens): inside it, across its ends, outside it, and empty ones.
[[nodiscard]] rc::Gen<Range> range_around(std::int64_t tokens);

// The positions of a random part of [0, tokens), in runs of a few; may be empty or everything.
[[nodiscard]] rc::Gen<std::vector<std::int64_t>> positions_below(std::int64_t tokens);

// The set of these ascending positions, handed over as single tokens.
[[nodiscard]] TokenSet token_set_of(const std::vector<std::int64_t>& positions);

}  // namespace longscope
