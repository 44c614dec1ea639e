// SPDX-License-Identifier: GPL-3.0-or-later
// Every strategy over in-process ranks against the float64 reference (DESIGN.md section 6), and its bytes against the
// schedule and the closed formula.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/execute/local_group.h"
#include "engine/execute/row_check.h"
#include "engine/parallel/memory_ledger.h"
#include "tests/support/strategy_run.h"

namespace longscope {
namespace {

void expect_exact(const StrategyEntry& strategy, const DispatchedCase& c, const AttentionInputs& inputs,
                  const ReferenceResult& reference) {
    const AttentionCase& problem = c.problem;
    const int ranks = static_cast<int>(c.ranks());
    SCOPED_TRACE(std::string(strategy.name) + " " + problem.text() + " over " + std::to_string(ranks) + " ranks, " +
                 to_string(c.options));
    std::vector<RankRun> runs(static_cast<std::size_t>(ranks));
    run_local_ranks(ranks, [&](Communicator& communicator) {
        runs[static_cast<std::size_t>(communicator.rank())] =
            run_rank(c, std::string(strategy.name), inputs, communicator);
    });
    RankError sum;
    for (int rank = 0; rank < ranks; ++rank) {
        const RankRun& run = runs[static_cast<std::size_t>(rank)];
        const RankError error = error_of_rank(c, reference, run, rank);
        sum.squares += error.squares;
        sum.norm += error.norm;
        sum.lse_absolute = std::max(sum.lse_absolute, error.lse_absolute);
        EXPECT_EQ(run.bytes_received, totals(run.schedule).bytes_received);
        EXPECT_EQ(run.bytes_sent, totals(run.schedule).bytes_sent);
        EXPECT_EQ(run.bytes_received, strategy.forward_totals(c.input(rank), TokenCounts(c.tokens)).bytes_received);
        EXPECT_EQ(run.result.peak_buffer_bytes, totals(run.schedule).peak_buffer_bytes) << "the memory ledger";
        const std::int64_t tokens = c.tokens[static_cast<std::size_t>(rank)].size();
        EXPECT_EQ(run.input_bytes, memory_ledger(run.schedule, problem.shape, tokens).input_bytes);
    }
    const DType dtype = problem.shape.dtype;
    EXPECT_LE(std::sqrt(sum.squares), output_error_limit(dtype, problem.domain.key_tokens) * std::sqrt(sum.norm));
    EXPECT_LE(sum.lse_absolute, lse_error_limit);
}

void expect_exact(const StrategyEntry& strategy, const AttentionCase& problem, const std::string& dispatch, int ranks) {
    const AttentionInputs inputs(problem);
    expect_exact(strategy, DispatchedCase(problem, dispatch, ranks), inputs, reference_attention(problem, inputs));
}

// With every strategy that is feasible, and all that it can be asked for.
void expect_all_exact(const AttentionCase& problem, const std::string& dispatch, int ranks) {
    SCOPED_TRACE(dispatch);
    const AttentionInputs inputs(problem);
    const ReferenceResult reference = reference_attention(problem, inputs);
    DispatchedCase c(problem, dispatch, ranks);
    for (const StrategyEntry& strategy : strategies()) {
        for (const StrategyOptions& options : feasible_options(strategy, c, Pass::forward)) {
            c.options = options;
            expect_exact(strategy, c, inputs, reference);
        }
    }
}

AttentionCase make_case(std::int64_t tokens, std::vector<std::int64_t> cu_seqlens, const std::string& mask,
                        AttentionShape shape = {1, 4, 2, 32, 32, DType::float32}) {
    return self_attention(shape, tokens, std::move(cu_seqlens), mask);
}

const std::string causal_documents = R"({"and": [{"documents": {}}, {"causal": {}}]})";

TEST(Strategies, EqualsTheReferenceOverOneToEightRanksAndEveryDispatch) {
    const AttentionCase c = make_case(331, {0, 1, 3, 60, 61, 190, 331}, causal_documents);
    for (int ranks = 1; ranks <= 8; ++ranks) {
        for (const char* dispatch : {"contiguous", "zigzag", "per_document_zigzag", "striped"}) {
            expect_all_exact(c, dispatch, ranks);
        }
    }
}

// Sets of many chunks, and ranks that hold different numbers of tokens.
TEST(Strategies, EqualTheReferenceWhereTheWorkIsBalanced) {
    const AttentionCase c = make_case(331, {0, 1, 3, 60, 61, 190, 331}, causal_documents);
    for (const int ranks : {2, 5}) {
        for (const char* dispatch : {"balanced", "balanced_free"}) {
            expect_all_exact(c, dispatch, ranks);
        }
    }
}

// What travels is counted in the type of the inputs, and partial results in float32, by expect_exact().
TEST(Strategies, EqualTheReferenceInEveryTypeOfInputs) {
    for (const DType dtype : {DType::bfloat16, DType::float16}) {
        // A dimension that is odd, so that rows of two-byte elements do not begin at multiples of four bytes.
        for (const AttentionShape shape : {AttentionShape{1, 4, 2, 32, 32, dtype}, {1, 8, 2, 33, 17, dtype}}) {
            const AttentionCase c = make_case(121, {0, 1, 3, 60, 61, 121}, causal_documents, shape);
            for (const int ranks : {1, 3, 8}) {
                for (const char* dispatch : {"per_document_zigzag", "striped"}) {
                    expect_all_exact(c, dispatch, ranks);
                }
            }
        }
    }
}

TEST(Strategies, SendHalfTheBytesOfInputsThatAreHalfAsLong) {
    AttentionCase c = make_case(200, {}, R"({"causal": {}})");
    const DispatchedCase in_float32(c, "zigzag", 4);
    c.shape.dtype = DType::bfloat16;
    const DispatchedCase in_bfloat16(c, "zigzag", 4);
    for (const StrategyEntry& strategy : strategies()) {
        // Partial results are float32 whatever the inputs are: where heads are exchanged, those of the other heads come
        // back.
        const std::int64_t heads_that_return =
            strategy.name == "ulysses" || strategy.name == "ulysses_uneven"                                      ? 3
            : strategy.name == "usp"                                                                             ? 2
            : strategy.name == "token_ring" || strategy.name == "split_kv" || strategy.name == "tensor_parallel" ? 3 * 4
                                                                                                                 : 0;
        if (!strategy.infeasible(in_float32.input(0), Pass::forward).empty()) {
            continue;
        }
        const std::int64_t partials = heads_that_return * Partial::size_bytes(1, 50, 32);
        const auto received = [&](const DispatchedCase& one) {
            return strategy.forward_totals(one.input(1), TokenCounts(one.tokens)).bytes_received;
        };
        EXPECT_EQ(received(in_bfloat16) - partials, (received(in_float32) - partials) / 2) << strategy.name;
    }
}

TEST(Strategies, EqualsTheReferenceForMasksThatDependOnDistance) {
    // Zigzag joins two distant chunks: a kernel with local positions would get windows wrong.
    for (const char* mask : {R"({"window": {"left": 40, "right": 0}})", R"({"window": {"left": 11, "right": 25}})",
                             R"({"or": [{"sink": {"tokens": 3}}, {"window": {"left": 17, "right": 0}}]})",
                             R"({"or": [{"causal": {}}, {"prefix": {"tokens": 50}}]})",
                             R"({"not": {"window": {"left": 60, "right": 60}}})", R"({"full": {}})"}) {
        expect_all_exact(make_case(257, {}, mask), "zigzag", 4);
        expect_all_exact(make_case(257, {}, mask), "striped", 4);
        expect_all_exact(make_case(257, {0, 100, 257}, mask), "per_document_zigzag", 3);
    }
}

TEST(Strategies, EqualsTheReferenceForHeadRatiosAndDimensions) {
    for (const AttentionShape shape :
         {AttentionShape{1, 8, 2, 64, 64, DType::float32}, AttentionShape{1, 3, 3, 17, 5, DType::float32},
          AttentionShape{1, 5, 1, 40, 80, DType::float32}}) {
        expect_all_exact(make_case(150, {0, 70, 150}, causal_documents, shape), "per_document_zigzag", 4);
    }
}

TEST(Strategies, EqualsTheReferenceForMasksThatDifferBetweenHeads) {
    // Some heads see all, others what is near, as in DuoAttention; Ulysses takes its heads apart.
    const std::string mask = R"({"per_heads": {
        "assignments": [{"heads": [[0, 1], [5, 7]], "mask": {"causal": {}}}],
        "otherwise": {"and": [{"causal": {}}, {"or": [{"sink": {"tokens": 3}}, {"window": {"left": 30, "right": 0}}]}]}}})";
    for (const std::int64_t ranks : {2, 4}) {
        expect_all_exact(make_case(257, {}, mask, {1, 8, 4, 24, 16, DType::float32}), "zigzag", ranks);
    }
}

// Positions are those of the whole sequence, heads those of the layer, and sinks enter once.
TEST(Strategies, EqualTheReferenceUnderEveryScoring) {
    for (const ScoringCase& scoring :
         {ScoringCase{1.5, false, 0, 0.0, {}, false}, ScoringCase{0.0, true, 0, 0.0, {}, false},
          ScoringCase{0.0, false, 0, 0.0, {}, true}, ScoringCase{0.0, false, 0, 0.0, -5.0, false},
          ScoringCase{20.0, true, 0, 0.0, {}, true}, ScoringCase{20.0, true, 0, 0.0, -5.0, false}}) {
        for (const int ranks : {1, 4}) {
            for (const char* dispatch : {"zigzag", "striped"}) {
                AttentionCase c =
                    make_case(157, {0, 60, 61, 157}, R"({"causal": {}})", {1, 12, 4, 16, 24, DType::float32});
                c.scoring = scoring;
                expect_all_exact(c, dispatch, ranks);
                // Rows that see nothing.
                c.mask_json = R"({"and": [{"documents": {}}, {"not": {"causal": {}}}]})";
                expect_all_exact(c, dispatch, ranks);
            }
        }
    }
}

// It serves causal masks over contiguous parts alone.
TEST(Strategies, LightSeqEqualsTheReferenceForWhatItServes) {
    const StrategyEntry& light_seq = find_strategy("light_seq");
    for (const int ranks : {2, 4, 6}) {
        for (const char* mask : {R"({"causal": {}})", R"({"and": [{"documents": {}}, {"causal": {}}]})",
                                 R"({"window": {"left": 30, "right": 0}})", R"({"not": {"full": {}}})",
                                 R"({"or": [{"and": [{"causal": {}}, {"sink": {"tokens": 3}}]},
                                            {"window": {"left": 17, "right": 0}}]})",
                                 R"({"per_heads": {"assignments": [{"heads": [1, 3], "mask": {"causal": {}}}],
                                                   "otherwise": {"window": {"left": 9, "right": 0}}}})"}) {
            expect_exact(light_seq, make_case(157, {0, 1, 3, 60, 61, 157}, mask), "contiguous", ranks);
        }
        for (const AttentionShape shape : {AttentionShape{1, 8, 1, 24, 40, DType::float32},
                                           {1, 3, 3, 17, 5, DType::bfloat16},
                                           {1, 8, 2, 33, 17, DType::float16}}) {
            expect_exact(light_seq, make_case(157, {0, 40, 157}, causal_documents, shape), "contiguous", ranks);
        }
        AttentionCase with_sinks = make_case(117, {0, 60, 117}, R"({"causal": {}})");
        with_sinks.scoring = {20.0, true, 0, 0.0, {}, true};
        expect_exact(light_seq, with_sinks, "contiguous", ranks);
        expect_exact(light_seq, make_case(3, {}, R"({"causal": {}})"), "contiguous", ranks);
    }
}

// Whole groups of query heads and parts of them, in one rank and over several.
TEST(Strategies, UlyssesUnevenEqualsTheReferenceForHeadsThatRanksDoNotDivide) {
    for (const auto& [query_heads, key_value_heads, ranks] :
         {std::tuple{7, 7, 4}, {7, 1, 4}, {20, 20, 8}, {20, 5, 8}, {20, 5, 6}, {20, 2, 3}, {9, 3, 2}, {12, 2, 5}}) {
        for (const DType dtype : {DType::float32, DType::bfloat16}) {
            expect_exact(
                find_strategy("ulysses_uneven"),
                make_case(121, {0, 40, 121}, causal_documents, {1, query_heads, key_value_heads, 24, 40, dtype}),
                "per_document_zigzag", ranks);
        }
    }
}

// What a rank has too much of is computed elsewhere.
TEST(Strategies, DistCaEqualsTheReferenceWhereWorkIsMoved) {
    for (const char* mask : {R"({"causal": {}})", R"({"and": [{"documents": {}}, {"causal": {}}]})",
                             R"({"or": [{"window": {"left": 20, "right": 3}}, {"prefix": {"tokens": 40}}]})"}) {
        for (const int ranks : {2, 4, 7}) {
            expect_exact(find_strategy("dist_ca"), make_case(331, {0, 200, 210, 331}, mask), "contiguous", ranks);
        }
    }
}

TEST(Strategies, WorkWhenRanksHaveNoTokensOrSeeNothing) {
    expect_all_exact(make_case(3, {}, R"({"causal": {}})"), "zigzag", 8);
    expect_all_exact(make_case(20, {0, 1, 2, 20}, R"({"not": {"full": {}}})"), "per_document_zigzag", 3);
}

// Ulysses with 4, 8 and 24 query heads over all the numbers of ranks that divide them, one key/value head to all.
TEST(Strategies, EqualTheReferenceForKeyValueHeadsThatAreDividedSharedAndReplicated) {
    for (const auto& [query_heads, key_value_heads, ranks] :
         {std::tuple{8, 8, 8}, {8, 2, 2}, {8, 2, 4}, {8, 1, 8}, {6, 3, 3}, {6, 3, 6}, {24, 4, 2}}) {
        expect_all_exact(
            make_case(121, {0, 40, 121}, causal_documents, {1, query_heads, key_value_heads, 24, 40, DType::float32}),
            "per_document_zigzag", ranks);
    }
}

}  // namespace
}  // namespace longscope
