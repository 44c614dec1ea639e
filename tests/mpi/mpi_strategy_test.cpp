// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "engine/execute/row_check.h"
#include "tests/mpi/mpi_world.h"
#include "tests/support/strategy_run.h"

namespace longscope {
namespace {

double sum_over_ranks(double value) {
    double sum = 0;
    for (const std::int64_t bits : mpi_world().all_gather(std::bit_cast<std::int64_t>(value))) {
        sum += std::bit_cast<double>(bits);
    }
    return sum;
}

void expect_exact(const StrategyEntry& strategy, const DispatchedCase& c, const AttentionInputs& inputs,
                  const ReferenceResult& reference) {
    const AttentionCase& problem = c.problem;
    SCOPED_TRACE(std::string(strategy.name) + " " + problem.text() + " " + to_string(c.options));
    Communicator& world = mpi_world();
    const std::int64_t received_before = world.payload_bytes_received();
    const RankRun run = run_rank(c, std::string(strategy.name), inputs, world);
    const RankError error = error_of_rank(c, reference, run, world.rank());
    const double squares = sum_over_ranks(error.squares);
    const double norm = sum_over_ranks(error.norm);
    const DType dtype = problem.shape.dtype;
    EXPECT_LE(std::sqrt(squares), output_error_limit(dtype, problem.domain.key_tokens) * std::sqrt(norm));
    EXPECT_LE(error.lse_absolute, lse_error_limit);
    const std::int64_t received = world.payload_bytes_received() - received_before;
    EXPECT_EQ(received, totals(run.schedule).bytes_received);
    EXPECT_EQ(received, strategy.forward_totals(c.input(world.rank()), TokenCounts(c.tokens)).bytes_received);
    EXPECT_EQ(sum_over_ranks(totals(run.schedule).flops), forward_flops(problem.shape, c.masks.kind(0).pairs()));
}

void expect_all_exact(const AttentionCase& problem, const std::string& dispatch) {
    SCOPED_TRACE(dispatch);
    const AttentionInputs inputs(problem);
    const ReferenceResult reference = reference_attention(problem, inputs);
    DispatchedCase c(problem, dispatch, mpi_world().size());
    for (const StrategyEntry& strategy : strategies()) {
        for (const StrategyOptions& options : feasible_options(strategy, c, Pass::forward)) {
            c.options = options;
            expect_exact(strategy, c, inputs, reference);
        }
    }
}

// Each rank compares its own rows of all gradients; the sums of squares are those of all ranks.
double error_over_ranks(const std::vector<double>& reference, HeadMatrix<const float> own, const TokenSet& tokens,
                        std::int64_t all_tokens, double before_cancelling) {
    double squares = 0;
    double norm = 0;
    for (std::int64_t head = 0; head < own.heads; ++head) {
        for (std::int64_t row = 0; row < own.tokens; ++row) {
            const std::int64_t at = (head * all_tokens + tokens.position(row)) * own.dim;
            for (std::int64_t d = 0; d < own.dim; ++d) {
                const double expected = reference[static_cast<std::size_t>(at + d)];
                squares += (own.row(head, row)[d] - expected) * (own.row(head, row)[d] - expected);
                norm += expected * expected;
            }
        }
    }
    const double scale = std::max(std::sqrt(sum_over_ranks(norm)), before_cancelling / cancelled_at_most);
    return std::sqrt(sum_over_ranks(squares)) / scale;
}

void expect_exact_gradients(const StrategyEntry& strategy, const DispatchedCase& c, const BackwardInputs& inputs,
                            const ReferenceGradients& reference) {
    const AttentionCase& problem = c.problem;
    SCOPED_TRACE(std::string(strategy.name) + " " + problem.text() + " " + to_string(c.options));
    Communicator& world = mpi_world();
    const std::int64_t received_before = world.payload_bytes_received();
    const std::int64_t sent_before = world.payload_bytes_sent();
    const RankRun run = run_rank_backward(c, std::string(strategy.name), inputs, world);
    const std::int64_t received = world.payload_bytes_received() - received_before;
    const std::int64_t sent = world.payload_bytes_sent() - sent_before;
    const StrategyTotals formula = strategy.forward_backward_totals(c.input(world.rank()), TokenCounts(c.tokens));
    EXPECT_EQ(received, totals(run.schedule).bytes_received);
    EXPECT_EQ(received, formula.bytes_received);
    EXPECT_EQ(sent, formula.bytes_sent);
    const TokenSet& tokens = c.tokens[static_cast<std::size_t>(world.rank())];
    const std::int64_t all_tokens = problem.domain.key_tokens;
    const double bound = gradient_bound(problem.shape.dtype, all_tokens);
    const RankGradients& own = run.result.gradients;
    EXPECT_LE(error_over_ranks(reference.queries, own.queries, tokens, all_tokens, reference.queries_before_cancelling),
              bound);
    EXPECT_LE(error_over_ranks(reference.keys, own.keys, tokens, all_tokens, reference.keys_before_cancelling), bound);
    EXPECT_LE(error_over_ranks(reference.values, own.values, tokens, all_tokens, reference.values_before_cancelling),
              bound);
}

// With every strategy that is feasible.
void expect_all_gradients_exact(const AttentionCase& problem, const std::vector<std::string>& dispatches) {
    const BackwardInputs inputs(problem);
    const ReferenceGradients reference = reference_gradients(problem, inputs);
    for (const StrategyEntry& strategy : strategies()) {
        for (const std::string& dispatch : dispatches) {
            SCOPED_TRACE(dispatch);
            DispatchedCase c(problem, dispatch, mpi_world().size());
            for (const StrategyOptions& options : feasible_options(strategy, c, Pass::forward_backward)) {
                c.options = options;
                expect_exact_gradients(strategy, c, inputs, reference);
            }
        }
    }
}

AttentionCase make_case(std::int64_t tokens, std::vector<std::int64_t> cu_seqlens, const std::string& mask,
                        DType dtype = DType::float32) {
    return self_attention({1, 12, 2, 32, 48, dtype}, tokens, std::move(cu_seqlens), mask);
}

TEST(MpiStrategies, EqualsTheReferenceForEveryDispatchAndMask) {
    for (const char* dispatch : {"contiguous", "zigzag", "per_document_zigzag", "striped"}) {
        for (const char* mask : {R"({"and": [{"documents": {}}, {"causal": {}}]})", R"({"full": {}})",
                                 R"({"or": [{"sink": {"tokens": 3}}, {"window": {"left": 17, "right": 0}}]})"}) {
            expect_all_exact(make_case(331, {0, 1, 3, 60, 61, 190, 331}, mask), dispatch);
        }
    }
}

TEST(MpiStrategies, GradientsEqualTheReferenceForEveryDispatchAndMask) {
    for (const char* mask : {R"({"and": [{"documents": {}}, {"causal": {}}]})", R"({"full": {}})",
                             R"({"or": [{"sink": {"tokens": 3}}, {"window": {"left": 17, "right": 0}}]})"}) {
        expect_all_gradients_exact(make_case(203, {0, 1, 3, 60, 61, 150, 203}, mask),
                                   {"contiguous", "zigzag", "per_document_zigzag", "striped"});
    }
}

TEST(MpiStrategies, GradientsEqualTheReferenceInEveryTypeOfInputs) {
    for (const DType dtype : {DType::bfloat16, DType::float16}) {
        expect_all_gradients_exact(
            make_case(97, {0, 1, 3, 60, 97}, R"({"and": [{"documents": {}}, {"causal": {}}]})", dtype),
            {"contiguous", "striped"});
    }
}

TEST(MpiStrategies, GradientsEqualTheReferenceWithBlocksTooLargeForAnEagerMessage) {
    expect_all_gradients_exact(make_case(900, {0, 400, 900}, R"({"and": [{"documents": {}}, {"causal": {}}]})"),
                               {"zigzag"});
}

TEST(MpiStrategies, EqualTheReferenceInEveryTypeOfInputs) {
    for (const DType dtype : {DType::bfloat16, DType::float16}) {
        for (const char* dispatch : {"contiguous", "zigzag", "per_document_zigzag", "striped"}) {
            expect_all_exact(make_case(97, {0, 1, 3, 60, 97}, R"({"and": [{"documents": {}}, {"causal": {}}]})", dtype),
                             dispatch);
        }
    }
}

TEST(MpiStrategies, EqualsTheReferenceWithBlocksTooLargeForAnEagerMessage) {
    // About 400 KB a block at two processes: Open MPI sends such messages by rendezvous.
    expect_all_exact(make_case(1500, {0, 700, 1500}, R"({"and": [{"documents": {}}, {"causal": {}}]})"),
                     "per_document_zigzag");
}

}  // namespace
}  // namespace longscope
