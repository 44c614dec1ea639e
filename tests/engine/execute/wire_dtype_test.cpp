// SPDX-License-Identifier: GPL-3.0-or-later
// Strategies whose partial results and gradients travel in a short type, against the float64 reference.
#include "engine/parallel/wire_dtype.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/execute/local_group.h"
#include "engine/execute/row_check.h"
#include "tests/support/strategy_run.h"

namespace longscope {
namespace {

AttentionCase problem() {
    AttentionCase c;
    c.shape = {1, 4, 2, 32, 48, DType::float32};
    c.domain = {331, 331, {0, 1, 3, 60, 61, 190, 331}};
    c.mask_json = R"({"and": [{"documents": {}}, {"causal": {}}]})";
    return c;
}

class WireDTypeRun : public testing::Test {
  protected:
    // Errors of O, dQ, dK and dV, relative; the bytes are compared on the way.
    struct Errors {
        double output = 0;
        double gradients = 0;  // the largest of the three
    };

    [[nodiscard]] Errors run(std::string_view name, DType wire, int ranks, Pass pass) const {
        const StrategyEntry& strategy = find_strategy(name);
        const DispatchedCase c(problem(), std::string(strategy.text.dispatch), ranks);
        std::vector<RankRun> runs(static_cast<std::size_t>(ranks));
        run_local_ranks(ranks, [&](Communicator& communicator) {
            const auto rank = static_cast<std::size_t>(communicator.rank());
            StrategyInput input = c.input(communicator.rank());
            input.options.wire_dtype = wire;
            const RankTensors tensors(inputs_, c.tokens[rank]);
            runs[rank] = run_rank_of(c, strategy.write(pass, input), inputs_.forward, tensors, communicator, "cpu");
            const StrategyTotals formula = strategy.totals(pass, input, TokenCounts(c.tokens));
            EXPECT_EQ(runs[rank].bytes_sent, formula.bytes_sent) << name;
            EXPECT_EQ(runs[rank].bytes_received, formula.bytes_received) << name;
        });
        RankError sum;
        Gradients all(inputs_.forward);
        for (int rank = 0; rank < ranks; ++rank) {
            const auto index = static_cast<std::size_t>(rank);
            const RankError error = error_of_rank(c, reference_, runs[index], rank);
            sum.squares += error.squares;
            sum.norm += error.norm;
            EXPECT_LE(error.lse_absolute, lse_error_limit) << "lse is not cast";
            if (pass == Pass::forward_backward) {
                scatter(runs[index].result.gradients, c.tokens[index], inputs_.forward, all);
            }
        }
        Errors errors{std::sqrt(sum.squares / sum.norm), 0};
        if (pass == Pass::forward_backward) {
            errors.gradients = largest_error(gradients_, all);
        }
        return errors;
    }

    static double largest_error(const ReferenceGradients& reference, const Gradients& all) {
        const auto relative = [](const std::vector<double>& expected, const std::vector<float>& found) {
            double squares = 0;
            double norm = 0;
            for (std::size_t i = 0; i < expected.size(); ++i) {
                squares += (found[i] - expected[i]) * (found[i] - expected[i]);
                norm += expected[i] * expected[i];
            }
            return std::sqrt(squares / norm);
        };
        return std::max({relative(reference.queries, all.queries), relative(reference.keys, all.keys),
                         relative(reference.values, all.values)});
    }

    BackwardInputs inputs_{problem()};
    ReferenceResult reference_ = reference_attention(problem(), inputs_.forward);
    ReferenceGradients gradients_ = reference_gradients(problem(), inputs_);
};

TEST_F(WireDTypeRun, KeepsToTheLimitOfTheTypeAndIsNotFloat32) {
    for (const StrategyEntry& strategy : strategies()) {
        for (const int ranks : {2, 4}) {
            for (const DType wire : {DType::bfloat16, DType::float16}) {
                SCOPED_TRACE(std::string(strategy.name) + " " + std::string(to_string(wire)) + " over " +
                             std::to_string(ranks));
                const Pass pass = strategy.has_backward ? Pass::forward_backward : Pass::forward;
                const Errors errors = run(strategy.name, wire, ranks, pass);
                EXPECT_LE(errors.output, output_error_limit(wire, 331));
                EXPECT_LE(errors.gradients, 3 * output_error_limit(wire, 331));
                EXPECT_GT(std::max(errors.output, errors.gradients), 1e-5) << "nothing was cast";
            }
        }
    }
}

TEST_F(WireDTypeRun, SumsThatAreRoundedAtEveryHopGetWorseWithTheRanks) {
    const double of_two = run("ring", DType::bfloat16, 2, Pass::forward_backward).gradients;
    const double of_eight = run("ring", DType::bfloat16, 8, Pass::forward_backward).gradients;
    EXPECT_GT(of_eight, of_two);
}

TEST_F(WireDTypeRun, OneRankSendsNothingAndRoundsNothing) {
    EXPECT_LE(run("ring", DType::bfloat16, 1, Pass::forward_backward).gradients, 3e-6);
}

}  // namespace
}  // namespace longscope
