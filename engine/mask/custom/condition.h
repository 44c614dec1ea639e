// SPDX-License-Identifier: GPL-3.0-or-later
// A condition on a query and a key that a user wrote, as a tree: "k <= q && (doc(q) == doc(k) || k < 64)". It is data:
// no code is run from it, and whatever asks it does so in bounded time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace longscope {

struct Condition {
    enum class Kind {
        // Numbers.
        number,
        query,         // the query's position among the keys: the last query stands at the last key
        key,           // the key's position
        query_tokens,  // how many there are
        key_tokens,
        head,
        layer,
        query_document,  // from 0, in the order of the packed sequence
        key_document,
        query_position,  // in its document, from 0
        key_position,
        negative,
        absolute,
        sum,
        difference,
        product,
        quotient,   // rounded down, by a positive number
        remainder,  // 0 to the divisor less one, as in Python
        minimum,
        maximum,
        // Truths.
        truth,
        less,
        at_most,
        equal,
        unequal,
        both,
        either,
        negation,
    };

    Kind kind = Kind::number;
    std::int64_t value = 0;  // of a number or a truth
    std::vector<Condition> operands;
};

[[nodiscard]] inline bool is_truth(Condition::Kind kind) {
    return kind >= Condition::Kind::truth;
}

// Whether `of` occurs in it.
[[nodiscard]] bool mentions(const Condition& condition, Condition::Kind of);

// A truth. Throws Error(bad_input) that names `field`, and where in the text it stops being one; texts are bounded in
// length and depth.
[[nodiscard]] Condition parse_condition(std::string_view text, const std::string& field);

// The text of a condition with numbers in place of head and layer.
[[nodiscard]] std::string condition_at_head(std::string_view text, std::int64_t head, std::int64_t layer);

}  // namespace longscope
