// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/custom/condition_range.h"

#include <algorithm>

#include "engine/base/error.h"

namespace longscope {

namespace {

using Kind = Condition::Kind;

// The sum of two numbers that are not beyond it fits.
constexpr std::int64_t largest = std::int64_t{1} << 61;

std::int64_t bounded(std::int64_t value) {
    if (value > largest || value < -largest) {
        throw failed("a number beyond 2^61");
    }
    return value;
}

std::int64_t bounded_product(std::int64_t a, std::int64_t b) {
    std::int64_t value = 0;
    if (__builtin_mul_overflow(a, b, &value)) {
        throw failed("a number beyond 2^61");
    }
    return bounded(value);
}

std::int64_t floor_quotient(std::int64_t value, std::int64_t divisor) {
    return value / divisor - (value % divisor < 0 ? 1 : 0);
}

ValueRange product(const ValueRange& a, const ValueRange& b) {
    const auto [low, high] = std::minmax({bounded_product(a.low, b.low), bounded_product(a.low, b.high),
                                          bounded_product(a.high, b.low), bounded_product(a.high, b.high)});
    return {low, high};
}

ValueRange remainder(const ValueRange& a, std::int64_t divisor) {
    const std::int64_t low = floor_quotient(a.low, divisor);
    return low == floor_quotient(a.high, divisor) ? ValueRange{a.low - low * divisor, a.high - low * divisor}
                                                  : ValueRange{0, divisor - 1};
}

ValueRange truth(bool can_be_false, bool can_be_true) {
    return {can_be_false ? 0 : 1, can_be_true ? 1 : 0};
}

ValueRange compare(Kind kind, const ValueRange& a, const ValueRange& b) {
    switch (kind) {
        case Kind::less:
            return truth(a.high >= b.low, a.low < b.high);
        case Kind::at_most:
            return truth(a.high > b.low, a.low <= b.high);
        default: {
            const bool meet = a.low <= b.high && b.low <= a.high;
            const bool same = a.single() && b.single() && a.low == b.low;
            return kind == Kind::equal ? truth(!same, meet) : truth(meet, !same);
        }
    }
}

ValueRange of_documents(const Documents& documents, const ValueRange& tokens) {
    return {documents.of(tokens.low), documents.of(tokens.high)};
}

ValueRange leaf(const Condition& condition, const ConditionScope& scope, const TokenRegion& region) {
    switch (condition.kind) {
        case Kind::query:
            return region.q;
        case Kind::key:
            return region.k;
        case Kind::query_tokens:
            return {scope.query_tokens, scope.query_tokens};
        case Kind::key_tokens:
            return {scope.key_tokens, scope.key_tokens};
        case Kind::head:
            return {scope.head, scope.head};
        case Kind::layer:
            return {scope.layer, scope.layer};
        case Kind::query_document:
            return of_documents(*scope.documents, region.q);
        case Kind::key_document:
            return of_documents(*scope.documents, region.k);
        case Kind::query_position:
            return scope.documents->positions(region.q);
        case Kind::key_position:
            return scope.documents->positions(region.k);
        default:
            return {condition.value, condition.value};
    }
}

ValueRange joined(const Condition& condition, const ConditionScope& scope, const TokenRegion& region) {
    // "and" is the least of truths, "or" the greatest.
    ValueRange all = range_of(condition.operands.front(), scope, region);
    for (std::size_t i = 1; i < condition.operands.size(); ++i) {
        const ValueRange next = range_of(condition.operands[i], scope, region);
        const bool both = condition.kind == Kind::both;
        all = both ? ValueRange{std::min(all.low, next.low), std::min(all.high, next.high)}
                   : ValueRange{std::max(all.low, next.low), std::max(all.high, next.high)};
    }
    return all;
}

bool is(const Condition& condition, Kind kind) {
    return condition.kind == kind;
}

}  // namespace

Documents::Documents(const MaskDomain& domain) {
    if (domain.cu_seqlens.size() < 2) {
        begins_ = {0};
        end_ = domain.key_tokens;
        longest_ = domain.key_tokens + domain.query_tokens;
        return;
    }
    begins_.assign(domain.cu_seqlens.begin(), domain.cu_seqlens.end() - 1);
    end_ = domain.cu_seqlens.back();
    for (std::int64_t i = 0; i < count(); ++i) {
        longest_ = std::max(longest_, end(i) - begin(i));
    }
}

std::int64_t Documents::of(std::int64_t token) const {
    return std::max<std::int64_t>(std::upper_bound(begins_.begin(), begins_.end(), token) - begins_.begin() - 1, 0);
}

std::int64_t Documents::end(std::int64_t document) const {
    return document + 1 < count() ? begin(document + 1) : end_;
}

ValueRange Documents::positions(const ValueRange& tokens) const {
    const std::int64_t first = of(tokens.low);
    const std::int64_t last = of(tokens.high);
    if (first == last) {
        return {tokens.low - begin(first), tokens.high - begin(first)};
    }
    return {std::min<std::int64_t>(tokens.low - begin(first), 0), longest_ - 1};
}

ValueRange range_of(const Condition& condition, const ConditionScope& scope, const TokenRegion& region) {
    const auto operand = [&](std::size_t index) { return range_of(condition.operands[index], scope, region); };
    switch (condition.kind) {
        case Kind::negative: {
            const ValueRange a = operand(0);
            return {-a.high, -a.low};
        }
        case Kind::absolute: {
            const ValueRange a = operand(0);
            const std::int64_t far = std::max(std::abs(a.low), std::abs(a.high));
            return {a.low > 0 ? a.low : std::max<std::int64_t>(-a.high, 0), far};
        }
        case Kind::sum: {
            const ValueRange a = operand(0);
            const ValueRange b = operand(1);
            return {bounded(a.low + b.low), bounded(a.high + b.high)};
        }
        case Kind::difference: {
            // What is known of k - q is more than what follows from both.
            if (is(condition.operands[0], Kind::key) && is(condition.operands[1], Kind::query)) {
                return region.difference;
            }
            if (is(condition.operands[0], Kind::query) && is(condition.operands[1], Kind::key)) {
                return {-region.difference.high, -region.difference.low};
            }
            const ValueRange a = operand(0);
            const ValueRange b = operand(1);
            return {bounded(a.low - b.high), bounded(a.high - b.low)};
        }
        case Kind::product:
            return product(operand(0), operand(1));
        case Kind::quotient: {
            const ValueRange a = operand(0);
            const std::int64_t divisor = condition.operands[1].value;
            return {floor_quotient(a.low, divisor), floor_quotient(a.high, divisor)};
        }
        case Kind::remainder:
            return remainder(operand(0), condition.operands[1].value);
        case Kind::minimum:
        case Kind::maximum: {
            const ValueRange a = operand(0);
            const ValueRange b = operand(1);
            return condition.kind == Kind::minimum ? ValueRange{std::min(a.low, b.low), std::min(a.high, b.high)}
                                                   : ValueRange{std::max(a.low, b.low), std::max(a.high, b.high)};
        }
        case Kind::less:
        case Kind::at_most:
        case Kind::equal:
        case Kind::unequal:
            return compare(condition.kind, operand(0), operand(1));
        case Kind::both:
        case Kind::either:
            return joined(condition, scope, region);
        case Kind::negation: {
            const ValueRange a = operand(0);
            return {1 - a.high, 1 - a.low};
        }
        default:
            return leaf(condition, scope, region);
    }
}

}  // namespace longscope
