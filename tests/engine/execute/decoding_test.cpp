// SPDX-License-Identifier: GPL-3.0-or-later
// Fewer queries than tokens, over in-process ranks: every rank ends with the output of one process.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/execute/local_group.h"
#include "engine/execute/row_check.h"
#include "tests/support/strategy_run.h"

namespace longscope {
namespace {

// The last `queries` tokens of the sequence alone have queries.
AttentionCase problem(const std::string& mask, std::int64_t queries, AttentionShape shape) {
    AttentionCase c;
    c.shape = shape;
    c.domain = {331, 331, {0, 1, 3, 60, 61, 190, 331}};
    c.mask_json = R"({"and": [)" + mask + R"(, {"last_queries": {"tokens": )" + std::to_string(queries) + "}}]}";
    return c;
}

void expect_exact(const AttentionCase& c, std::int64_t queries, const std::string& dispatch, int ranks) {
    SCOPED_TRACE(c.text() + ", " + dispatch + " over " + std::to_string(ranks) + " ranks");
    const AttentionInputs inputs(c);
    const ReferenceResult reference = reference_attention(c, inputs);
    const DispatchedCase of_ranks(c, dispatch, ranks);
    const StrategyEntry& strategy = find_strategy("split_kv");
    const TokenSet own_queries({{c.domain.key_tokens - queries, c.domain.key_tokens}});
    std::vector<RankRun> runs(static_cast<std::size_t>(ranks));
    const auto input_of = [&](int rank) {
        StrategyInput input = of_ranks.input(rank);
        input.query_tokens = queries;
        return input;
    };
    run_local_ranks(ranks, [&](Communicator& communicator) {
        const auto rank = static_cast<std::size_t>(communicator.rank());
        const RankTensors tensors(inputs, own_queries, of_ranks.tokens[rank]);
        runs[rank] = run_rank_of(of_ranks, strategy.forward(input_of(communicator.rank())), inputs, tensors,
                                 communicator, "cpu");
    });
    for (int rank = 0; rank < ranks; ++rank) {
        const RankRun& run = runs[static_cast<std::size_t>(rank)];
        ASSERT_EQ(run.result.output->rows(), queries);
        RankError error;
        accumulate_error(
            reference, c.domain.query_tokens, *run.result.output,
            [&](std::int64_t row) { return own_queries.position(row); }, error.squares, error.norm, error.lse_absolute);
        EXPECT_LE(std::sqrt(error.squares),
                  output_error_limit(c.shape.dtype, c.domain.key_tokens) * std::sqrt(error.norm));
        EXPECT_LE(error.lse_absolute, lse_error_limit);
        const StrategyTotals closed = strategy.forward_totals(input_of(rank), TokenCounts(of_ranks.tokens));
        EXPECT_EQ(run.bytes_received, closed.bytes_received);
        EXPECT_EQ(run.bytes_sent, closed.bytes_sent);
        EXPECT_EQ(run.result.peak_buffer_bytes, closed.peak_buffer_bytes);
        EXPECT_EQ(totals(run.schedule).peak_buffer_bytes, closed.peak_buffer_bytes);
        EXPECT_EQ(run.input_bytes, memory_ledger(run.schedule, c.shape, input_of(rank).held()).input_bytes);
        // All merge the same in the same order.
        const HeadMatrix<const float> first = std::as_const(*runs.front().result.output).output();
        const HeadMatrix<const float> own = std::as_const(*run.result.output).output();
        EXPECT_TRUE(std::equal(own.data, own.data + own.size(), first.data)) << "rank " << rank;
    }
}

TEST(Decoding, EqualsTheReferenceOnEveryRank) {
    for (const char* mask :
         {R"({"causal": {}})", R"({"and": [{"documents": {}}, {"causal": {}}]})",
          R"({"and": [{"causal": {}}, {"or": [{"window": {"left": 40, "right": 0}}, {"sink": {"tokens": 4}}]}]})"}) {
        for (const std::int64_t queries : {1, 7, 64, 330}) {
            for (const int ranks : {1, 2, 3, 8}) {
                for (const char* dispatch : {"contiguous", "zigzag", "striped"}) {
                    expect_exact(problem(mask, queries, {1, 4, 2, 32, 32, DType::float32}), queries, dispatch, ranks);
                }
            }
        }
    }
}

TEST(Decoding, EqualsTheReferenceInShortTypesAndWithMoreInTheScore) {
    for (const DType dtype : {DType::bfloat16, DType::float16}) {
        expect_exact(problem(R"({"causal": {}})", 5, {1, 8, 2, 33, 17, dtype}), 5, "contiguous", 4);
    }
    AttentionCase c = problem(R"({"causal": {}})", 5, {1, 4, 2, 32, 32, DType::float32});
    c.scoring.sinks = true;
    c.scoring.alibi = true;
    expect_exact(c, 5, "contiguous", 4);
}

// Where few ranks hold keys that somebody sees, the others take part with nothing.
TEST(Decoding, RanksWithoutKeysThatAreSeenTakePart) {
    expect_exact(problem(R"({"window": {"left": 3, "right": 0}})", 2, {1, 2, 1, 16, 16, DType::float32}), 2,
                 "contiguous", 5);
}

TEST(Decoding, OtherStrategiesRefuseAndSayWhy) {
    const DispatchedCase c(problem(R"({"causal": {}})", 4, {1, 4, 4, 16, 16, DType::float32}), "contiguous", 2);
    StrategyInput input = c.input(0);
    input.query_tokens = 4;
    for (const StrategyEntry& strategy : strategies()) {
        EXPECT_EQ(
            strategy.infeasible(input, Pass::forward),
            strategy.name == "split_kv"
                ? ""
                : std::string(strategy.name) + " computes as many queries as there are tokens (sequence.query_tokens)");
    }
}

}  // namespace
}  // namespace longscope
