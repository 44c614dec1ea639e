// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/custom/linear.h"

#include <numeric>

namespace longscope {

namespace {

using Kind = Condition::Kind;

// a + factor * b, of numbers that are not beyond 2^61, as long as that is none either.
std::optional<std::int64_t> combined(std::int64_t a, std::int64_t factor, std::int64_t b) {
    constexpr std::int64_t largest = std::int64_t{1} << 61;
    std::int64_t value = 0;
    if (__builtin_mul_overflow(factor, b, &value) || value > largest || value < -largest) {
        return std::nullopt;
    }
    value += a;
    return value > largest || value < -largest ? std::nullopt : std::optional(value);
}

std::optional<LinearForm> combined(const LinearForm& a, std::int64_t factor, const LinearForm& b) {
    const auto query = combined(a.query_factor, factor, b.query_factor);
    const auto key = combined(a.key_factor, factor, b.key_factor);
    const auto constant = combined(a.constant, factor, b.constant);
    return query && key && constant ? std::optional(LinearForm{*query, *key, *constant}) : std::nullopt;
}

bool is_constant(const LinearForm& form) {
    return form.query_factor == 0 && form.key_factor == 0;
}

std::optional<LinearForm> of_operator(const Condition& number, const ConditionScope& scope, const DocumentPair* pair) {
    const auto a = linear_form(number.operands[0], scope, pair);
    if (!a) {
        return std::nullopt;
    }
    if (number.kind == Kind::negative) {
        return combined({}, -1, *a);
    }
    const auto b = linear_form(number.operands[1], scope, pair);
    if (!b) {
        return std::nullopt;
    }
    if (number.kind == Kind::product) {
        if (is_constant(*b)) {
            return combined({}, b->constant, *a);
        }
        return is_constant(*a) ? combined({}, a->constant, *b) : std::nullopt;
    }
    return combined(*a, number.kind == Kind::sum ? 1 : -1, *b);
}

}  // namespace

std::optional<LinearForm> linear_form(const Condition& number, const ConditionScope& scope, const DocumentPair* pair) {
    const auto constant = [](std::int64_t value) { return LinearForm{0, 0, value}; };
    switch (number.kind) {
        case Kind::number:
            return constant(number.value);
        case Kind::query:
            return LinearForm{1, 0, 0};
        case Kind::key:
            return LinearForm{0, 1, 0};
        case Kind::query_tokens:
            return constant(scope.query_tokens);
        case Kind::key_tokens:
            return constant(scope.key_tokens);
        case Kind::head:
            return constant(scope.head);
        case Kind::layer:
            return constant(scope.layer);
        case Kind::query_document:
        case Kind::key_document:
        case Kind::query_position:
        case Kind::key_position:
            break;
        case Kind::negative:
        case Kind::sum:
        case Kind::difference:
        case Kind::product:
            return of_operator(number, scope, pair);
        default:
            return std::nullopt;
    }
    if (pair == nullptr) {
        return std::nullopt;
    }
    switch (number.kind) {
        case Kind::query_document:
            return constant(pair->query_document);
        case Kind::key_document:
            return constant(pair->key_document);
        case Kind::query_position:
            return LinearForm{1, 0, -scope.documents->begin(pair->query_document)};
        default:
            return LinearForm{0, 1, -scope.documents->begin(pair->key_document)};
    }
}

Dependence dependence_of(const Condition& condition, const ConditionScope& scope) {
    if (!is_truth(condition.kind)) {
        if (const auto form = linear_form(condition, scope)) {
            if (form->query_factor != 0 && form->query_factor == -form->key_factor) {
                return {false, false, true, true, false};
            }
            const bool query = form->query_factor != 0;
            const bool key = form->key_factor != 0;
            return {query, key, false, query || key, false};
        }
    }
    switch (condition.kind) {
        case Kind::query_document:
            return {true, false, false, false, true};
        case Kind::key_document:
            return {false, true, false, false, true};
        case Kind::query_position:
            return {true, false, false, true, true};
        case Kind::key_position:
            return {false, true, false, true, true};
        default:
            break;
    }
    Dependence all;
    for (const Condition& operand : condition.operands) {
        const Dependence of = dependence_of(operand, scope);
        all.query |= of.query;
        all.key |= of.key;
        all.difference |= of.difference;
        all.beyond_documents |= of.beyond_documents;
        all.documents |= of.documents;
    }
    return all;
}

std::optional<std::int64_t> period_of(const Condition& condition, const ConditionScope& scope, std::int64_t most) {
    const Dependence on = dependence_of(condition, scope);
    if (!on.query && !on.key && !on.difference && !on.documents) {
        return 1;
    }
    if (condition.kind == Kind::remainder && linear_form(condition.operands[0], scope)) {
        const std::int64_t divisor = condition.operands[1].value;
        return divisor <= most ? std::optional(divisor) : std::nullopt;
    }
    std::int64_t period = 1;
    for (const Condition& operand : condition.operands) {
        const std::optional<std::int64_t> own = period_of(operand, scope, most);
        period = own ? std::lcm(period, *own) : most + 1;
        if (period > most) {
            return std::nullopt;
        }
    }
    return condition.operands.empty() ? std::nullopt : std::optional(period);
}

}  // namespace longscope
