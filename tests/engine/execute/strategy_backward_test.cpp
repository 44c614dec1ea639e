// SPDX-License-Identifier: GPL-3.0-or-later
// Both passes of every strategy over in-process ranks: the gradients against the float64 reference, the bytes against
// schedule and closed formula, the output against that of the forward pass alone.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "engine/execute/local_group.h"
#include "engine/mask/leaf.h"
#include "engine/mask/token_order.h"
#include "engine/parallel/memory_ledger.h"
#include "tests/support/strategy_run.h"

namespace longscope {
namespace {

struct BackwardRun {
    std::vector<RankRun> ranks;
    Gradients gradients;
};

BackwardRun run_backward_over_ranks(const DispatchedCase& c, const std::string& strategy,
                                    const BackwardInputs& inputs) {
    BackwardRun run{std::vector<RankRun>(c.tokens.size()), Gradients(inputs.forward)};
    run_local_ranks(static_cast<int>(c.ranks()), [&](Communicator& communicator) {
        run.ranks[static_cast<std::size_t>(communicator.rank())] = run_rank_backward(c, strategy, inputs, communicator);
    });
    for (std::size_t rank = 0; rank < run.ranks.size(); ++rank) {
        scatter(run.ranks[rank].result.gradients, c.tokens[rank], inputs.forward, run.gradients);
    }
    return run;
}

// Every row's delta is computed once: the sums of the ranks add up to those of one process.
void expect_sink_gradients(const BackwardRun& run, const ReferenceGradients& reference) {
    double error = 0;
    for (std::size_t head = 0; head < reference.sinks.size(); ++head) {
        double sum = 0;
        for (const RankRun& rank : run.ranks) {
            const std::vector<float>& sinks = rank.result.gradients.sinks;
            sum += sinks.empty() ? 0.0 : sinks.at(head);
        }
        error += (sum - reference.sinks[head]) * (sum - reference.sinks[head]);
    }
    EXPECT_LE(std::sqrt(error), 3e-6 * reference.sinks_before_cancelling) << "gradients of the sinks";
}

void expect_exact(const StrategyEntry& strategy, const DispatchedCase& c, const BackwardInputs& inputs,
                  const ReferenceGradients& reference) {
    const AttentionCase& problem = c.problem;
    const int ranks = static_cast<int>(c.ranks());
    SCOPED_TRACE(std::string(strategy.name) + " " + problem.text() + " over " + std::to_string(ranks) + " ranks, " +
                 to_string(c.options));
    const BackwardRun run = run_backward_over_ranks(c, std::string(strategy.name), inputs);
    const GradientError error = error_of_gradients(reference, run.gradients);
    EXPECT_LE(error.worst(), gradient_bound(problem.shape.dtype, problem.domain.key_tokens))
        << "dQ " << error.queries << ", dK " << error.keys << ", dV " << error.values;
    expect_sink_gradients(run, reference);
    const TokenCounts counts(c.tokens);
    for (int rank = 0; rank < ranks; ++rank) {
        const RankRun& of_rank = run.ranks[static_cast<std::size_t>(rank)];
        const StrategyTotals formula = strategy.forward_backward_totals(c.input(rank), counts);
        EXPECT_EQ(of_rank.result.peak_buffer_bytes, totals(of_rank.schedule).peak_buffer_bytes) << "the memory ledger";
        EXPECT_EQ(of_rank.bytes_received, totals(of_rank.schedule).bytes_received);
        EXPECT_EQ(of_rank.bytes_sent, totals(of_rank.schedule).bytes_sent);
        EXPECT_EQ(of_rank.bytes_received, formula.bytes_received);
        EXPECT_EQ(of_rank.bytes_sent, formula.bytes_sent);
        EXPECT_EQ(of_rank.input_bytes, memory_ledger(of_rank.schedule, problem.shape, counts.of(rank)).input_bytes);
        EXPECT_GE(of_rank.result.forward_end_ns, of_rank.result.begin_ns);
        EXPECT_LE(of_rank.result.forward_end_ns, of_rank.result.end_ns);
    }
}

// With every strategy that is feasible, and all that it can be asked for, over these numbers of ranks.
void expect_all_exact(const AttentionCase& problem, const std::vector<std::string>& dispatches,
                      const std::vector<int>& ranks) {
    const BackwardInputs inputs(problem);
    const ReferenceGradients reference = reference_gradients(problem, inputs);
    int runs = 0;
    for (const StrategyEntry& strategy : strategies()) {
        for (const int count : ranks) {
            for (const std::string& dispatch : dispatches) {
                SCOPED_TRACE(dispatch);
                DispatchedCase c(problem, dispatch, count);
                for (const StrategyOptions& options : feasible_options(strategy, c, Pass::forward_backward)) {
                    c.options = options;
                    expect_exact(strategy, c, inputs, reference);
                    ++runs;
                }
            }
        }
    }
    EXPECT_GT(runs, 0);
}

AttentionCase make_case(std::int64_t tokens, std::vector<std::int64_t> cu_seqlens, const std::string& mask,
                        AttentionShape shape = {1, 8, 2, 32, 24, DType::float32}) {
    return self_attention(shape, tokens, std::move(cu_seqlens), mask);
}

const std::string causal_documents = R"({"and": [{"documents": {}}, {"causal": {}}]})";
const std::vector<std::string> every_dispatch{"contiguous", "zigzag", "per_document_zigzag", "striped"};

TEST(StrategyGradients, EqualTheReferenceOverOneToEightRanksAndEveryDispatch) {
    expect_all_exact(make_case(203, {0, 1, 3, 60, 61, 150, 203}, causal_documents), every_dispatch,
                     {1, 2, 3, 4, 5, 6, 7, 8});
}

TEST(StrategyGradients, EqualTheReferenceForEveryRatioOfHeads) {
    for (const std::int64_t key_value_heads : {8, 2, 1}) {
        expect_all_exact(
            make_case(131, {0, 40, 131}, causal_documents, {1, 8, key_value_heads, 24, 40, DType::float32}),
            {"contiguous", "per_document_zigzag"}, {1, 2, 4, 8});
    }
}

TEST(StrategyGradients, EqualTheReferenceInEveryTypeOfInputs) {
    for (const DType dtype : {DType::bfloat16, DType::float16}) {
        // A dimension that is odd, so that rows of two-byte elements do not begin at multiples of four bytes.
        for (const AttentionShape shape : {AttentionShape{1, 4, 2, 32, 32, dtype}, {1, 8, 2, 33, 17, dtype}}) {
            expect_all_exact(make_case(121, {0, 1, 3, 60, 61, 121}, causal_documents, shape), {"zigzag", "striped"},
                             {1, 3, 4});
        }
    }
}

TEST(StrategyGradients, EqualTheReferenceForMasksOfSeveralLeaves) {
    for (const char* mask : {R"({"or": [{"sink": {"tokens": 3}}, {"window": {"left": 17, "right": 0}}]})",
                             R"({"or": [{"causal": {}}, {"prefix": {"tokens": 50}}]})",
                             R"({"not": {"window": {"left": 60, "right": 60}}})"}) {
        expect_all_exact(make_case(167, {0, 70, 167}, mask), {"zigzag", "striped"}, {4});
    }
}

TEST(StrategyGradients, EqualTheReferenceForEveryLeafAndEveryOrder) {
    const auto expect = [](const Json& mask) {
        expect_all_exact(make_case(64, {0, 20, 32, 56, 64}, mask.dump(), {1, 4, 2, 16, 24, DType::float32}),
                         {"contiguous", "striped"}, {2, 3});
    };
    for (const LeafEntry& leaf : mask_leaves()) {
        const std::string name(leaf.name);
        expect(Json{{name, parse_json(leaf.picture.empty() ? leaf.example : leaf.picture, name)}});
    }
    const Json window{{"window", {{"left", 12}, {"right", 0}}}};
    for (const OrderEntry& order : token_orders()) {
        const std::string name(order.name);
        expect(Json{{"permute", {{"axis", "both"}, {"order", parse_json(order.example, name)}, {"mask", window}}}});
    }
}

TEST(StrategyGradients, EqualTheReferenceForMasksThatDifferBetweenHeads) {
    const std::string mask = R"({"per_heads": {
        "assignments": [{"heads": [[0, 1], [5, 7]], "mask": {"causal": {}}}],
        "otherwise": {"and": [{"causal": {}}, {"or": [{"sink": {"tokens": 3}}, {"window": {"left": 30, "right": 0}}]}]}}})";
    expect_all_exact(make_case(157, {}, mask, {1, 8, 4, 24, 16, DType::float32}), {"zigzag"}, {2, 4});
}

// It serves causal masks over contiguous parts alone.
TEST(StrategyGradients, OfLightSeqEqualTheReferenceForWhatItServes) {
    const auto expect = [](AttentionCase problem) {
        const BackwardInputs inputs(problem);
        const ReferenceGradients reference = reference_gradients(problem, inputs);
        for (const int ranks : {2, 4, 6}) {
            expect_exact(find_strategy("light_seq"), DispatchedCase(problem, "contiguous", ranks), inputs, reference);
        }
    };
    for (const char* mask : {R"({"causal": {}})", R"({"window": {"left": 30, "right": 0}})",
                             R"({"or": [{"and": [{"causal": {}}, {"sink": {"tokens": 3}}]},
                                        {"window": {"left": 17, "right": 0}}]})",
                             R"({"per_heads": {"assignments": [{"heads": [1, 3], "mask": {"causal": {}}}],
                                               "otherwise": {"window": {"left": 9, "right": 0}}}})"}) {
        expect(make_case(131, {0, 1, 60, 131}, mask));
    }
    for (const AttentionShape shape : {AttentionShape{1, 8, 1, 24, 40, DType::float32},
                                       {1, 3, 3, 17, 5, DType::bfloat16},
                                       {1, 8, 2, 33, 17, DType::float16}}) {
        expect(make_case(121, {0, 40, 121}, causal_documents, shape));
    }
    AttentionCase with_sinks = make_case(117, {0, 60, 117}, R"({"causal": {}})");
    with_sinks.scoring = {20.0, true, 0, 0.0, {}, true};
    expect(with_sinks);
    expect(make_case(3, {}, R"({"causal": {}})"));
}

TEST(StrategyGradients, OfUlyssesUnevenEqualTheReferenceForHeadsThatRanksDoNotDivide) {
    for (const auto& [query_heads, key_value_heads, ranks] :
         {std::tuple{7, 7, 4}, {7, 1, 4}, {20, 20, 8}, {20, 5, 8}, {20, 5, 6}, {20, 2, 3}, {9, 3, 2}, {12, 2, 5}}) {
        for (const DType dtype : {DType::float32, DType::bfloat16}) {
            const AttentionCase problem =
                make_case(121, {0, 40, 121}, causal_documents, {1, query_heads, key_value_heads, 24, 40, dtype});
            const BackwardInputs inputs(problem);
            expect_exact(find_strategy("ulysses_uneven"), DispatchedCase(problem, "per_document_zigzag", ranks), inputs,
                         reference_gradients(problem, inputs));
        }
    }
}

// What a rank has too much of is computed elsewhere.
TEST(StrategyGradients, OfDistCaEqualTheReferenceWhereWorkIsMoved) {
    for (const char* mask : {R"({"causal": {}})", R"({"and": [{"documents": {}}, {"causal": {}}]})",
                             R"({"or": [{"window": {"left": 20, "right": 3}}, {"prefix": {"tokens": 40}}]})"}) {
        const AttentionCase problem = make_case(203, {0, 120, 130, 203}, mask);
        const BackwardInputs inputs(problem);
        const ReferenceGradients reference = reference_gradients(problem, inputs);
        for (const int ranks : {2, 4, 7}) {
            expect_exact(find_strategy("dist_ca"), DispatchedCase(problem, "contiguous", ranks), inputs, reference);
        }
    }
}

// Sinks are constants here: dQ, dK and dV are those of attention with them.
TEST(StrategyGradients, EqualTheReferenceUnderEveryScoring) {
    for (const ScoringCase& scoring :
         {ScoringCase{1.5, false, 0, 0.0, {}, false}, ScoringCase{0.0, true, 0, 0.0, {}, false},
          ScoringCase{0.0, false, 0, 0.0, {}, true}, ScoringCase{0.0, false, 0, 0.0, -5.0, false},
          ScoringCase{20.0, true, 0, 0.0, {}, true}, ScoringCase{20.0, true, 0, 0.0, -5.0, false}}) {
        AttentionCase c = make_case(117, {0, 60, 61, 117}, R"({"causal": {}})", {1, 12, 4, 16, 24, DType::float32});
        c.scoring = scoring;
        expect_all_exact(c, {"zigzag", "striped"}, {1, 3, 4});
        // Rows that see nothing.
        c.mask_json = R"({"and": [{"documents": {}}, {"not": {"causal": {}}}]})";
        expect_all_exact(c, {"zigzag"}, {1, 3, 4});
    }
}

TEST(StrategyGradients, AreZeroWhereRanksHaveNoTokensOrSeeNothing) {
    expect_all_exact(make_case(3, {}, R"({"causal": {}})"), {"zigzag"}, {8});
    const AttentionCase blind = make_case(20, {0, 1, 2, 20}, R"({"not": {"full": {}}})");
    const BackwardInputs inputs(blind);
    for (const StrategyEntry& strategy : strategies()) {
        for (const int ranks : {1, 2, 4}) {
            const DispatchedCase c(blind, "zigzag", ranks);
            if (!strategy.infeasible(c.input(0), Pass::forward_backward).empty()) {
                continue;
            }
            const BackwardRun run = run_backward_over_ranks(c, std::string(strategy.name), inputs);
            EXPECT_EQ(run.gradients, Gradients(inputs.forward)) << strategy.name << " over " << ranks;
        }
    }
}

TEST(StrategyGradients, AreTheSameBitsInEveryRunAndTheOutputIsThatOfTheForwardPassAlone) {
    const AttentionCase problem = make_case(203, {0, 60, 203}, causal_documents);
    const BackwardInputs inputs(problem);
    for (const StrategyEntry& strategy : strategies()) {
        const DispatchedCase in_zigzag(problem, "zigzag", 4);
        const bool zigzag = strategy.infeasible(in_zigzag.input(0), Pass::forward_backward).empty();
        const DispatchedCase c(problem, zigzag ? "zigzag" : "contiguous", 4);
        if (!strategy.infeasible(c.input(0), Pass::forward_backward).empty()) {
            continue;
        }
        const BackwardRun first = run_backward_over_ranks(c, std::string(strategy.name), inputs);
        const BackwardRun second = run_backward_over_ranks(c, std::string(strategy.name), inputs);
        EXPECT_EQ(first.gradients, second.gradients) << strategy.name;
        run_local_ranks(4, [&](Communicator& communicator) {
            const RankRun forward = run_rank(c, std::string(strategy.name), inputs.forward, communicator);
            const Partial& alone = *forward.result.output;
            const Partial& both = *first.ranks[static_cast<std::size_t>(communicator.rank())].result.output;
            ASSERT_EQ(alone.output().size(), both.output().size());
            const auto bytes = static_cast<std::size_t>(alone.output().size()) * sizeof(float);
            EXPECT_EQ(std::memcmp(alone.output().data, both.output().data, bytes), 0) << strategy.name;
        });
    }
}

}  // namespace
}  // namespace longscope
