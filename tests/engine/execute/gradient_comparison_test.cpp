// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/gradient_comparison.h"

#include <gtest/gtest.h>

#include <atomic>

#include "engine/base/error.h"
#include "tests/support/backward_case.h"
#include "tests/support/expect_error.h"
#include "tests/support/scoring_cases.h"

namespace longscope {
namespace {

// A problem, the reference's gradients of it rounded to float32, and what the comparison makes of them.
struct Compared {
    explicit Compared(AttentionCase asked)
        : c(std::move(asked)),
          inputs(c),
          reference(reference_gradients(c, inputs)),
          masks(c.masks()),
          all_queries({{0, c.domain.query_tokens}}),
          all_keys({{0, c.domain.key_tokens}}),
          local(masks, all_queries, all_keys),
          problem{inputs.forward.q(),
                  inputs.forward.k(),
                  inputs.forward.v(),
                  inputs.dout(),
                  {&local, c.scale(), false, inputs.forward.scoring(),
                   inputs.forward.sinks.empty() ? nullptr : inputs.forward.sinks.data()}},
          rows(whole_rows(problem, *make_kernel("reference", 2), {})),
          queries(reference.queries.begin(), reference.queries.end()),
          keys(reference.keys.begin(), reference.keys.end()),
          values(reference.values.begin(), reference.values.end()),
          bias(reference.bias.begin(), reference.bias.end()),
          sinks(reference.sinks.begin(), reference.sinks.end()) {}

    [[nodiscard]] std::vector<RowDifference> of_queries(const std::vector<std::int64_t>& some) const {
        return compare_query_gradients(
            problem, {queries.data(), problem.queries.heads, problem.queries.tokens, problem.queries.dim}, some, run);
    }
    [[nodiscard]] KeyGradientDifferences of_keys(const std::vector<std::int64_t>& some) const {
        return compare_key_gradients(
            problem, rows, {keys.data(), problem.keys.heads, problem.keys.tokens, problem.keys.dim},
            {values.data(), problem.values.heads, problem.values.tokens, problem.values.dim}, some, run);
    }
    [[nodiscard]] std::vector<RowDifference> of_bias(const std::vector<std::int64_t>& some) const {
        BiasGradientSums sums(c.scoring.bias_heads, some, c.domain.key_tokens);
        sums.add(problem, rows, run);
        return sums.compare({bias.data(), c.scoring.bias_heads, c.domain.query_tokens, c.domain.key_tokens});
    }
    [[nodiscard]] std::vector<RowDifference> of_sinks() const {
        SinkGradientSums sums(c.shape.query_heads);
        sums.add(inputs.forward.sinks.data(), rows);
        return sums.compare(sinks.data());
    }

    AttentionCase c;
    BackwardInputs inputs;
    ReferenceGradients reference;
    HeadMasks masks;
    TokenSet all_queries;
    TokenSet all_keys;
    LocalMask local;
    GradientProblem problem;
    ComparisonRun run{2, {}, nullptr};
    WholeRows rows;
    std::vector<float> queries;
    std::vector<float> keys;
    std::vector<float> values;
    std::vector<float> bias;
    std::vector<float> sinks;
};

std::vector<std::int64_t> all_below(std::int64_t count) {
    std::vector<std::int64_t> all;
    for (std::int64_t i = 0; i < count; ++i) {
        all.push_back(i);
    }
    return all;
}

AttentionCase small_case(const ScoringCase& scoring = {}) {
    return scored_case(40, 60, R"({"and": [{"causal": {}}, {"not": {"prefix": {"tokens": 3}}}]})",
                       {1, 4, 2, 16, 8, DType::float32}, scoring);
}

TEST(GradientComparison, ARoundedReferenceDiffersByItsRoundingAloneUnderEveryScoring) {
    for (const ScoringCase& scoring : scoring_options(4, 60)) {
        const Compared compared(small_case(scoring));
        SCOPED_TRACE(compared.c.text());
        EXPECT_LE(relative_error(compared.of_queries(all_below(40))), 1e-7);
        const KeyGradientDifferences of_keys = compared.of_keys(all_below(60));
        EXPECT_EQ(of_keys.keys.size(), 2U * 60U);
        // lse and delta are rounded to float32 before.
        EXPECT_LE(relative_error(of_keys.keys), 5e-7);
        EXPECT_LE(relative_error(of_keys.values), 5e-7);
        if (scoring.bias_heads != 0) {
            EXPECT_LE(relative_error(compared.of_bias(all_below(40))), 5e-7);
        }
        if (scoring.sinks) {
            EXPECT_LE(relative_error(compared.of_sinks()), 5e-7);
        }
    }
}

TEST(GradientComparison, OneWrongElementIsFoundInItsRow) {
    ScoringCase scoring;
    scoring.bias_heads = 1;
    scoring.sinks = true;
    Compared compared(small_case(scoring));
    compared.queries[(2 * 40 + 17) * 16 + 5] += 0.5F;
    compared.keys[(1 * 60 + 33) * 16 + 5] += 0.5F;
    compared.values[(0 * 60 + 34) * 8 + 5] += 0.5F;
    compared.bias[18 * 60 + 30] += 0.5F;
    compared.sinks[3] += 0.5F;
    const auto expect_one = [](const std::vector<RowDifference>& rows, std::int64_t head, std::int64_t token) {
        for (const RowDifference& row : rows) {
            EXPECT_NEAR(row.squared_error, row.head == head && row.query == token ? 0.25 : 0.0, 1e-5)
                << row.head << " " << row.query;
        }
    };
    expect_one(compared.of_queries({16, 17, 18}), 2, 17);
    expect_one(compared.of_keys({32, 33, 34}).keys, 1, 33);
    expect_one(compared.of_keys({32, 33, 34}).values, 0, 34);
    expect_one(compared.of_bias({17, 18}), 0, 18);
    expect_one(compared.of_sinks(), 3, 0);
}

TEST(GradientComparison, RowsThatSeeNothingAndKeysThatNobodySeesHaveNone) {
    Compared compared(scored_case(40, 60, R"({"crop": {"queries": [10, 40], "keys": [20, 60], "mask": {"full": {}}}})",
                                  {1, 4, 2, 16, 8, DType::float32}, {}));
    const auto expect_zero = [](const std::vector<RowDifference>& rows, std::int64_t below) {
        for (const RowDifference& row : rows) {
            EXPECT_EQ(row.query < below, row.squared_norm == 0.0) << row.query;
            EXPECT_TRUE(std::isfinite(row.squared_error));
        }
    };
    expect_zero(compared.of_queries(all_below(40)), 10);
    expect_zero(compared.of_keys(all_below(60)).keys, 20);
    compared.queries[3] = 1.0F;
    EXPECT_EQ(compared.of_queries({0}).front().squared_error, 1.0);
}

TEST(GradientComparison, TermsThatCancelAreWhatErrorsAreRelativeTo) {
    // Every row sees one key: dS is 0 up to rounding.
    Compared compared(
        scored_case(40, 40, R"({"window": {"left": 0, "right": 0}})", {1, 1, 1, 16, 16, DType::float32}, {}));
    std::fill(compared.queries.begin(), compared.queries.end(), 1e-8F);
    const std::vector<RowDifference> rows = compared.of_queries(all_below(40));
    EXPECT_LE(relative_error(rows), 1e-7);
    EXPECT_GT(relative_error(rows), 1e-10);
}

TEST(GradientComparison, IsCancelled) {
    Compared compared(small_case());
    const std::atomic<bool> cancelled{true};
    compared.run.cancelled = &cancelled;
    expect_error(ErrorKind::cancelled, {"cancelled"}, [&] { (void)compared.of_queries({0}); });
    expect_error(ErrorKind::cancelled, {"cancelled"}, [&] { (void)compared.of_keys({0}); });
}

TEST(GradientComparison, ABiasForWhichThereIsNoMemoryIsRefusedWithItsSize) {
    const std::vector<std::int64_t> queries(1 << 16);
    expect_error(ErrorKind::out_of_memory, {"--dbias: 65,536 of its rows take 512 PiB"},
                 [&] { const BiasGradientSums sums(1, queries, std::int64_t{1} << 40); });
}

}  // namespace
}  // namespace longscope
