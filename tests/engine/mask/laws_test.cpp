// SPDX-License-Identifier: GPL-3.0-or-later
// Laws that hold between compiled masks, whatever the operands. They need no oracle.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

struct TwoMasks {
    MaskDomain domain;
    Json a;
    Json b;
};

std::ostream& operator<<(std::ostream& out, const TwoMasks& drawn) {
    return out << MaskCase{drawn.domain, drawn.a} << " and " << drawn.b.dump();
}

rc::Gen<TwoMasks> two_masks() {
    return rc::gen::mapcat(mask_domain(), [](const MaskDomain& domain) {
        const auto expression = mask_expression(domain, 2);
        return rc::gen::map(rc::gen::pair(expression, expression), [domain](const std::pair<Json, Json>& drawn) {
            return TwoMasks{domain, drawn.first, drawn.second};
        });
    });
}

Json operation(const char* word, const Json& operands) {
    Json expression = Json::object();
    expression[word] = operands;
    return expression;
}

std::unique_ptr<Mask> compiled(const Json& expression, const MaskDomain& domain) {
    return MaskCase{domain, expression}.compiled();
}

// Row by row, through a query that merges neighbours: two forms of one set look the same.
bool same_set(const Mask& a, const Mask& b) {
    std::vector<Range> runs_of_a;
    std::vector<Range> runs_of_b;
    for (std::int64_t query = 0; query < a.query_tokens(); ++query) {
        a.row_runs(query, runs_of_a);
        b.row_runs(query, runs_of_b);
        if (runs_of_a != runs_of_b) {
            return false;
        }
    }
    return a.pairs() == b.pairs();
}

RC_GTEST_PROP(MaskLaws, DeMorgan, ()) {
    const TwoMasks drawn = *two_masks();
    const Json both = Json::array({drawn.a, drawn.b});
    const Json neither = Json::array({operation("not", drawn.a), operation("not", drawn.b)});
    RC_ASSERT(same_set(*compiled(operation("not", operation("or", both)), drawn.domain),
                       *compiled(operation("and", neither), drawn.domain)));
    RC_ASSERT(same_set(*compiled(operation("not", operation("and", both)), drawn.domain),
                       *compiled(operation("or", neither), drawn.domain)));
}

RC_GTEST_PROP(MaskLaws, DoubleComplementIsTheMask, ()) {
    const TwoMasks drawn = *two_masks();
    RC_ASSERT(same_set(*compiled(operation("not", operation("not", drawn.a)), drawn.domain),
                       *compiled(drawn.a, drawn.domain)));
}

RC_GTEST_PROP(MaskLaws, AMaskAndItsComplementShareTheMatrix, ()) {
    const TwoMasks drawn = *two_masks();
    const auto mask = compiled(drawn.a, drawn.domain);
    const auto complement = compiled(operation("not", drawn.a), drawn.domain);
    RC_ASSERT(mask->pairs() + complement->pairs() == drawn.domain.box().pairs());
}

RC_GTEST_PROP(MaskLaws, PairsOfUnionAndIntersectionAddUp, ()) {
    const TwoMasks drawn = *two_masks();
    const Json both = Json::array({drawn.a, drawn.b});
    RC_ASSERT(compiled(operation("or", both), drawn.domain)->pairs() +
                  compiled(operation("and", both), drawn.domain)->pairs() ==
              compiled(drawn.a, drawn.domain)->pairs() + compiled(drawn.b, drawn.domain)->pairs());
}

RC_GTEST_PROP(MaskLaws, OrderAndRepetitionOfOperandsDoNotMatter, ()) {
    const TwoMasks drawn = *two_masks();
    for (const char* word : {"and", "or"}) {
        const auto once = compiled(operation(word, Json::array({drawn.a, drawn.b})), drawn.domain);
        RC_ASSERT(same_set(*once, *compiled(operation(word, Json::array({drawn.b, drawn.a})), drawn.domain)));
        RC_ASSERT(same_set(*once, *compiled(operation(word, Json::array({drawn.b, drawn.a, drawn.b})), drawn.domain)));
    }
}

RC_GTEST_PROP(MaskLaws, PairsOfBoxesThatShareTheMatrixAddUp, ()) {
    const TwoMasks drawn = *two_masks();
    const auto mask = compiled(operation("or", Json::array({drawn.a, drawn.b})), drawn.domain);
    const std::int64_t q = *integer_from(0, drawn.domain.query_tokens);
    const std::int64_t k = *integer_from(0, drawn.domain.key_tokens);
    const Box all = mask->box();
    std::int64_t sum = 0;
    for (const Range rows : {Range{0, q}, Range{q, all.q.end}}) {
        for (const Range columns : {Range{0, k}, Range{k, all.k.end}}) {
            sum += mask->pairs_in({rows, columns});
        }
    }
    RC_ASSERT(sum == mask->pairs());
}

}  // namespace
}  // namespace longscope
