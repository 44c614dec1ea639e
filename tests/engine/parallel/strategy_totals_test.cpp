// SPDX-License-Identifier: GPL-3.0-or-later
// The closed formulas of every strategy say what its schedules say, for any shape, any lengths and any layout.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

AttentionShape any_shape() {
    AttentionShape shape;
    shape.key_value_heads = *rc::gen::inRange<std::int64_t>(1, 9);
    shape.query_heads = shape.key_value_heads * *rc::gen::element<std::int64_t>(1, 2, 3, 8);
    shape.head_dim_qk = *rc::gen::inRange<std::int64_t>(1, 40);
    shape.head_dim_v = *rc::gen::inRange<std::int64_t>(1, 40);
    shape.dtype = *rc::gen::element(DType::float32, DType::bfloat16);
    return shape;
}

// Ranks may have no token at all, and masks no pair.
AttentionCase any_case() {
    AttentionCase problem;
    problem.shape = any_shape();
    const auto lengths = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 40));
    std::vector<std::int64_t> cu_seqlens{0, 10};  // as long as the windows below
    for (const int length : lengths) {
        cu_seqlens.push_back(cu_seqlens.back() + length);
    }
    problem.domain = {cu_seqlens.back(), cu_seqlens.back(), cu_seqlens};
    problem.mask_json = *rc::gen::element<std::string>(
        R"({"and": [{"documents": {}}, {"causal": {}}]})", R"({"window": {"left": 9, "right": 3}})", R"({"full": {}})",
        R"({"not": {"full": {}}})", R"({"or": [{"sink": {"tokens": 1}}, {"window": {"left": 5, "right": 0}}]})");
    return problem;
}

RC_GTEST_PROP(ClosedFormulas, EqualThoseOfTheSchedules, ()) {
    const AttentionCase problem = any_case();
    const StrategyEntry& strategy = strategies()[*rc::gen::inRange<std::size_t>(0, strategies().size())];
    const auto ranks = *rc::gen::suchThat(rc::gen::inRange<std::int64_t>(1, 17), [&](std::int64_t count) {
        return strategy.infeasible(problem.shape, count, Pass::forward, {}).empty();
    });
    const Pass pass = strategy.has_backward ? *rc::gen::element(Pass::forward, Pass::forward_backward) : Pass::forward;
    for (const DispatchEntry& dispatch : dispatches()) {
        DispatchedCase c(problem, std::string(dispatch.name), ranks);
        const std::vector<StrategyOptions> feasible = feasible_options(strategy, c, pass);
        if (feasible.empty()) {
            continue;
        }
        c.options = *rc::gen::elementOf(feasible);
        const TokenCounts counts(c.tokens);
        RC_ASSERT(counts.all() == problem.domain.query_tokens);
        for (std::int64_t rank = 0; rank < ranks; ++rank) {
            const ScheduleTotals unrolled = totals(strategy.write(pass, c.input(rank)));
            const StrategyTotals formula = strategy.totals(pass, c.input(rank), counts);
            RC_ASSERT(formula.bytes_sent == unrolled.bytes_sent);
            RC_ASSERT(formula.bytes_received == unrolled.bytes_received);
            RC_ASSERT(formula.peak_buffer_bytes == unrolled.peak_buffer_bytes);
        }
    }
}

// All that a strategy can be asked for, by every rank.
std::vector<std::pair<StrategyOptions, std::int64_t>> asked_by_rank(const StrategyEntry& strategy,
                                                                    const DispatchedCase& c, Pass pass) {
    std::vector<std::pair<StrategyOptions, std::int64_t>> all;
    for (const StrategyOptions& options : feasible_options(strategy, c, pass)) {
        for (std::int64_t rank = 0; rank < c.ranks(); ++rank) {
            all.emplace_back(options, rank);
        }
    }
    return all;
}

// Every layout that a few ranks can have, so that none is left to chance.
TEST(ClosedFormulas, EqualThoseOfTheSchedulesOfEveryStrategyAndDispatch) {
    for (const StrategyEntry& strategy : strategies()) {
        int layouts = 0;
        for (const DispatchEntry& dispatch : dispatches()) {
            for (std::int64_t ranks = 1; ranks <= 12; ++ranks) {
                AttentionCase problem;
                problem.shape = {1, 12, 4, 16, 24, DType::float32};
                problem.domain = {203, 203, {0, 1, 60, 61, 150, 203}};
                problem.mask_json = R"({"and": [{"documents": {}}, {"causal": {}}]})";
                DispatchedCase c(problem, std::string(dispatch.name), ranks);
                for (const Pass pass : {Pass::forward, Pass::forward_backward}) {
                    for (const auto& [options, rank] : asked_by_rank(strategy, c, pass)) {
                        ++layouts;
                        c.options = options;
                        const ScheduleTotals unrolled = totals(strategy.write(pass, c.input(rank)));
                        const StrategyTotals unrolled_part{unrolled.bytes_sent, unrolled.bytes_received,
                                                           unrolled.peak_buffer_bytes};
                        EXPECT_EQ(strategy.totals(pass, c.input(rank), TokenCounts(c.tokens)), unrolled_part)
                            << strategy.name << " " << dispatch.name << " " << to_string(pass) << " "
                            << to_string(options) << ", rank " << rank << " of " << ranks;
                    }
                }
            }
        }
        EXPECT_GE(layouts, 4 * 3) << strategy.name;
    }
}

}  // namespace
}  // namespace longscope
