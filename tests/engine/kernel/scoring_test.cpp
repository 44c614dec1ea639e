// SPDX-License-Identifier: GPL-3.0-or-later
// Soft cap, ALiBi, bias and sigmoid attention in the forward pass: examples by hand, every variant of the cpu kernel
// against the float64 reference, and what Kernel promises. Bounds: DESIGN.md section 6.
#include "engine/kernel/scoring.h"

#include <gtest/gtest.h>

#include "engine/execute/row_check.h"
#include "engine/kernel/cpu/cpu_kernel.h"
#include "tests/support/backends.h"
#include "tests/support/expect_error.h"
#include "tests/support/forward_case.h"
#include "tests/support/scoring_cases.h"

namespace longscope {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();
constexpr auto full = R"({"full": {}})";
constexpr auto causal = R"({"causal": {}})";

// Of cpu, and every other backend.
template <typename Check>
void for_each_variant(DType inputs, const Check& check) {
    for (const cpu::TileVariant& variant : cpu::tile_variants()) {
        if (variant.refusal(inputs).empty()) {
            SCOPED_TRACE(variant.name);
            check(*cpu::make_kernel_of(variant, 2));
        }
    }
    for (const std::string_view backend : every_backend()) {
        if (backend != "cpu") {
            SCOPED_TRACE(backend);
            check(backend_of(backend, 2));
        }
    }
}

void expect_exact(const AttentionCase& c) {
    SCOPED_TRACE(c.text());
    const AttentionInputs inputs(c);
    const ReferenceResult reference = reference_attention(c, inputs);
    const double bound = output_error_limit(c.shape.dtype, c.domain.key_tokens);
    for_each_variant(c.shape.dtype, [&](const Kernel& kernel) {
        const AttentionError error = error_of(reference, run_whole(kernel, c, inputs));
        EXPECT_LE(error.output_relative_l2, bound);
        EXPECT_LE(error.lse_absolute, c.shape.dtype == DType::float32 ? 1e-5 : bound);
    });
    const AttentionError error = error_of(reference, run_whole(*make_reference_kernel(2), c, inputs));
    EXPECT_LE(error.output_relative_l2, 1e-7);
    EXPECT_LE(error.lse_absolute, 1e-6);
}

// One query at position 2, at a distance of 2 and 0 from the two keys that it sees; scaled products ln 2 and ln 4.
struct ByHand {
    AttentionCase c{
        {1, 1, 1, 1, 1, DType::float32}, {3, 3, {}}, R"({"strided_columns": {"stride": 2, "first": 0, "width": 1}})"};
    AttentionInputs inputs{c};
    Scoring scoring;

    ByHand() {
        inputs.queries = {0, 0, 1};
        inputs.keys = {std::log(2.0F), nan_value, std::log(4.0F)};
        inputs.values = {1, nan_value, 10};
    }

    [[nodiscard]] std::vector<float> last_row(std::string_view backend) const {
        const std::unique_ptr<Mask> mask = c.mask();
        const TokenSet all({{0, 3}});
        const LocalMask local(*mask, all, all);
        Partial out(1, 3, 1, scoring.merge_rule());
        backend_of(backend, 1).attend({inputs.q(), inputs.k(), inputs.v(), &local, 1.0, scoring}, out, {});
        return {out.output().data[2], out.lse(0)[2]};
    }
    void expect(double first_weight, double second_weight) const {
        const bool softmax = !scoring.is_sigmoid();
        const double sum = softmax ? first_weight + second_weight : 1.0;
        for (const char* backend : {"reference", "cpu", "opencl", "opencl_tiled"}) {
            const std::vector<float> row = last_row(backend);
            EXPECT_NEAR(row[0], (first_weight + 10 * second_weight) / sum, 1e-5) << backend;
            if (softmax) {
                EXPECT_NEAR(row[1], std::log(sum), 1e-6) << backend;
            } else {
                EXPECT_EQ(row[1], -infinity) << backend;
            }
        }
    }
};

TEST(Scoring, PlainByHand) {
    ByHand().expect(2, 4);
}

TEST(Scoring, SoftCapByHand) {
    ByHand example;
    example.scoring.soft_cap = 1.0;
    // tanh(ln x) = (x^2 - 1) / (x^2 + 1)
    example.expect(std::exp(3.0 / 5.0), std::exp(15.0 / 17.0));
}

TEST(Scoring, AlibiByHand) {
    ByHand example;
    const float slope = std::log(2.0F);
    example.scoring.slopes = &slope;
    example.expect(2.0 / 4, 4);
}

TEST(Scoring, BiasByHand) {
    ByHand example;
    std::vector<float> bias(9, nan_value);
    bias[6] = std::log(3.0F);
    bias[8] = -std::log(2.0F);
    example.scoring.bias = HeadMatrix<const float>{bias.data(), 1, 3, 3};
    example.expect(6, 2);
    bias[6] = -infinity;
    example.expect(0, 2);
}

TEST(Scoring, SigmoidByHand) {
    ByHand example;
    example.scoring.sigmoid_bias = -std::log(2.0);
    example.expect(1.0 / 2, 2.0 / 3);
}

TEST(Scoring, IsAppliedInTheOrderOfItsFormula) {
    ByHand example;
    const float slope = std::log(2.0F);
    const std::vector<float> bias(9, std::log(3.0F));
    example.scoring = {1.0, &slope, HeadMatrix<const float>{bias.data(), 1, 3, 3}, std::nullopt};
    example.expect(3 * std::exp(3.0 / 5.0) / 4, 3 * std::exp(15.0 / 17.0));
}

TEST(Scoring, RefusesWhatDoesNotFit) {
    const AttentionCase c = scored_case(3, 4, full, {1, 2, 1, 4, 4, DType::float32}, {});
    const AttentionInputs inputs(c);
    const std::unique_ptr<Mask> mask = c.mask();
    const TokenSet rows({{0, 3}});
    const TokenSet columns({{0, 4}});
    const LocalMask local(*mask, rows, columns);
    const std::vector<float> bias(24);
    const std::vector<float> slopes{1, infinity};
    const auto attend = [&](const char* backend, const Scoring& scoring) {
        Partial out(2, 3, 4, scoring.merge_rule());
        backend_of(backend, 1).attend({inputs.q(), inputs.k(), inputs.v(), &local, 1.0, scoring}, out, {});
    };
    const HeadMatrix<const float> transposed{bias.data(), 2, 4, 3};
    const HeadMatrix<const float> fitting{bias.data(), 2, 3, 4};
    for (const char* backend : {"reference", "cpu", "opencl", "opencl_tiled"}) {
        const auto expect_refusal = [&](const Scoring& scoring, const char* text) {
            expect_error(ErrorKind::bad_input, {text}, [&] { attend(backend, scoring); });
        };
        expect_refusal({-1.0, nullptr, {}, {}}, "scoring.soft_cap: -1");
        expect_refusal({0.0, slopes.data(), {}, {}}, "scoring.slopes[1]: inf");
        expect_refusal({0.0, nullptr, transposed, {}}, "accepted: 2 x 3 x 4 of float32");
        expect_refusal({0.0, nullptr, {}, nan_value}, "scoring.sigmoid_bias: nan");
        attend(backend, {0.0, nullptr, fitting, {}});
    }
}

TEST(Scoring, StandardSlopesAreThoseOfThePaperForEightHeads) {
    EXPECT_EQ(standard_slopes(8), (std::vector<float>{1.0F / 2, 1.0F / 4, 1.0F / 8, 1.0F / 16, 1.0F / 32, 1.0F / 64,
                                                      1.0F / 128, 1.0F / 256}));
    EXPECT_NEAR(standard_slopes(12)[0], std::pow(2.0, -8.0 / 12), 1e-7);
}

TEST(Scoring, EveryOptionAndEveryTwoOfThemOnEveryVariant) {
    for (const ScoringCase& scoring : scoring_options(4, 300)) {
        expect_exact(scored_case(140, 300, causal, {1, 4, 2, 24, 40, DType::float32}, scoring));
    }
}

TEST(Scoring, LengthsAroundTheTiles) {
    const ScoringCase softmax{3.0, true, 2, 0.1, std::nullopt, true};
    const ScoringCase sigmoid{3.0, true, 2, 0.1, -4.0, false};
    for (const std::int64_t queries : {1, 11, 12, 13, 131, 132, 133}) {
        for (const std::int64_t keys : {1, 31, 33, 64, 255, 256, 257}) {
            for (const ScoringCase& scoring : {softmax, sigmoid}) {
                expect_exact(scored_case(queries, keys, full, {1, 2, 1, 16, 16, DType::float32}, scoring));
            }
        }
    }
}

TEST(Scoring, HeadRatiosAndDimensions) {
    for (const auto& shape : std::vector<AttentionShape>{{1, 1, 1, 1, 1, DType::float32},
                                                         {1, 6, 3, 17, 33, DType::float32},
                                                         {1, 5, 1, 80, 7, DType::float32},
                                                         {1, 3, 3, 128, 128, DType::float32}}) {
        for (const ScoringCase& scoring : {ScoringCase{2.0, true, shape.query_heads, 0.0, std::nullopt, false},
                                           ScoringCase{2.0, true, 1, 0.2, -3.0, false}}) {
            expect_exact(scored_case(70, 141, causal, shape, scoring));
        }
    }
}

TEST(Scoring, MasksOfEveryKind) {
    for (const char* mask :
         {R"({"documents": {}})", R"({"and": [{"documents": {}}, {"causal": {}}]})",
          R"({"window": {"left": 37, "right": 3}})",
          R"({"and": [{"causal": {}}, {"or": [{"window": {"left": 20, "right": 0}}, {"sink": {"tokens": 4}}]}]})",
          R"({"and": [{"documents": {}}, {"not": {"causal": {}}}]})", R"({"not": {"full": {}}})"}) {
        for (const ScoringCase& scoring :
             {ScoringCase{2.0, true, 2, 0.1, std::nullopt, true}, ScoringCase{2.0, true, 2, 0.1, -3.0, false}}) {
            AttentionCase c = scored_case(300, 300, mask, {1, 2, 1, 16, 16, DType::float32}, scoring);
            c.domain.cu_seqlens = {0, 1, 2, 50, 93, 94, 250, 299, 300};
            expect_exact(c);
        }
    }
}

TEST(Scoring, ShorterTypes) {
    for (const DType dtype : {DType::bfloat16, DType::float16}) {
        for (const ScoringCase& scoring : scoring_options(2, 259)) {
            expect_exact(scored_case(97, 259, causal, {1, 2, 1, 64, 33, dtype}, scoring));
        }
    }
}

TEST(Scoring, KeysThatArePackedInParts) {
    // More than 96 MiB of packed keys and values: the state of a row is kept between the parts.
    for (const ScoringCase& scoring :
         {ScoringCase{5.0, false, 0, 0.0, std::nullopt, false}, ScoringCase{0.0, false, 0, 0.0, -12.0, false}}) {
        const AttentionCase c = scored_case(3, 200'000, full, {1, 1, 1, 64, 64, DType::float32}, scoring);
        const AttentionInputs inputs(c);
        const AttentionError error =
            error_of(reference_attention(c, inputs), run_forward(*make_cpu_kernel(2), c, inputs));
        EXPECT_LE(error.output_relative_l2, output_error_limit(DType::float32, 200'000)) << c.text();
        EXPECT_LE(error.lse_absolute, 1e-5) << c.text();
    }
}

TEST(Scoring, SkipsWhatLiesBetweenRowsOfABias) {
    const AttentionCase c =
        scored_case(133, 257, causal, {1, 2, 1, 8, 8, DType::float32}, {2.0, true, 2, 0.1, {}, false});
    const AttentionInputs inputs(c);
    for_each_variant(DType::float32, [&](const Kernel& kernel) {
        EXPECT_EQ(numbers(run_forward(kernel, c, inputs, {.row_gap = 5})), numbers(run_forward(kernel, c, inputs)));
    });
}

TEST(Scoring, IsBitEqualForAnyNumberOfThreads) {
    for (const ScoringCase& scoring :
         {ScoringCase{2.0, true, 1, 0.1, std::nullopt, true}, ScoringCase{2.0, true, 4, 0.1, -5.0, false}}) {
        const AttentionCase c = scored_case(500, 500, causal, {1, 4, 2, 32, 32, DType::float32}, scoring);
        const AttentionInputs inputs(c);
        const std::vector<float> one = numbers(run_whole(*make_cpu_kernel(1), c, inputs));
        for (const int threads : {2, 3, 5}) {
            EXPECT_EQ(numbers(run_whole(*make_cpu_kernel(threads), c, inputs)), one) << threads;
        }
    }
}

TEST(Scoring, ABiasOfMinusInfinityIsAMask) {
    const AttentionShape shape{1, 2, 1, 16, 16, DType::float32};
    for (const std::optional<double>& sigmoid : {std::optional<double>(), std::optional<double>(-3.0)}) {
        const AttentionCase masked = scored_case(150, 280, R"({"window": {"left": 60, "right": 0}})", shape,
                                                 {0.0, false, 0, 0.0, sigmoid, false});
        AttentionCase biased = scored_case(150, 280, full, shape, {0.0, false, 2, 0.0, sigmoid, false});
        AttentionInputs inputs(biased);
        const std::unique_ptr<Mask> mask = masked.mask();
        for (std::size_t i = 0; i < inputs.bias.size(); ++i) {
            const auto pair = static_cast<std::int64_t>(i) % (150 * 280);
            inputs.bias[i] = mask->contains(pair / 280, pair % 280) ? 0.0F : -infinity;
        }
        for (const bool poisoned : {false, true}) {
            if (poisoned) {
                // Key 7 is hidden from every row but those of the window, key 279 is seen by the last row alone.
                inputs.keys[279 * 16 + 3] = nan_value;
                inputs.values[7 * 16 + 3] = infinity;
            }
            for (const char* backend : {"reference", "cpu", "opencl", "opencl_tiled"}) {
                AttentionInputs of_mask = inputs;
                of_mask.bias.clear();
                const Partial by_mask = run_forward(backend_of(backend, 2), masked, of_mask);
                const Partial by_bias = run_forward(backend_of(backend, 2), biased, inputs);
                for (std::int64_t i = 0; i < by_mask.output().size(); ++i) {
                    const float expected = by_mask.output().data[i];
                    const float got = by_bias.output().data[i];
                    ASSERT_TRUE(expected == got || (std::isnan(expected) && std::isnan(got)) ||
                                std::abs(expected - got) <= 2e-6F)
                        << backend << " element " << i << ": " << got << ", not " << expected;
                }
                for (std::int64_t i = 0; i < 300; ++i) {
                    const float expected = by_mask.lse(0)[i];
                    const float got = by_bias.lse(0)[i];
                    ASSERT_TRUE(expected == got || (std::isnan(expected) && std::isnan(got)) ||
                                std::abs(expected - got) <= 1e-5F)
                        << backend << " row " << i << ": " << got << ", not " << expected;
                }
            }
        }
    }
}

TEST(Scoring, NaNAndInfinityOfABiasReachTheirRowAlone) {
    for (const std::optional<double>& sigmoid : {std::optional<double>(), std::optional<double>(-3.0)}) {
        const AttentionCase c =
            scored_case(150, 300, causal, {1, 2, 1, 16, 16, DType::float32}, {0.0, false, 2, 0.0, sigmoid, false});
        for (const float poison : {nan_value, infinity}) {
            AttentionInputs inputs(c);
            const std::vector<float> clean = numbers(run_forward(*make_cpu_kernel(2), c, inputs));
            inputs.bias[70 * 300 + 200] = poison;  // seen by query 70 of the first head
            inputs.bias[10 * 300 + 299] = poison;  // hidden
            const ReferenceResult reference = reference_attention(c, inputs);
            for_each_variant(DType::float32, [&](const Kernel& kernel) {
                const Partial got = run_forward(kernel, c, inputs);
                for (std::int64_t i = 0; i < got.output().size(); ++i) {
                    const double expected = reference.output[static_cast<std::size_t>(i)];
                    ASSERT_EQ(std::isnan(got.output().data[i]), std::isnan(expected)) << "element " << i;
                    if (!std::isnan(expected)) {
                        ASSERT_NEAR(got.output().data[i], expected, 5e-6 * (1.0 + std::abs(expected))) << i;
                    }
                    ASSERT_EQ(std::isnan(expected), (std::isnan(poison) || !sigmoid) && i / 16 == 70) << i;
                }
                EXPECT_EQ(std::isnan(got.lse(0)[70]), !sigmoid);
            });
        }
    }
}

TEST(Scoring, BiasesAsLowAsFloat32GoesWeighAsTheirDefinitionSays) {
    // What frameworks put where they mean -inf: rows of nothing else are uniform, in others it weighs nothing.
    AttentionCase c = scored_case(140, 300, full, {1, 1, 1, 16, 16, DType::float32}, {});
    c.scoring.bias_heads = 1;
    AttentionInputs inputs(c);
    for (std::size_t i = 0; i < inputs.bias.size(); ++i) {
        if (i / 300 == 5 || i % 3 == 0) {
            inputs.bias[i] = std::numeric_limits<float>::lowest();
        }
    }
    const ReferenceResult reference = reference_attention(c, inputs);
    for_each_variant(DType::float32, [&](const Kernel& kernel) {
        const Partial out = run_forward(kernel, c, inputs);
        double uniform = 0.0;
        for (std::int64_t key = 0; key < 300; ++key) {
            uniform += inputs.v().row(0, key)[0] / 300.0;
        }
        EXPECT_NEAR(out.output().row(0, 5)[0], uniform, 1e-6);
        for (std::int64_t i = 0; i < out.output().size(); ++i) {
            if (i / 16 != 5) {  // there even float64 rounds away what the products differ by
                ASSERT_NEAR(out.output().data[i], reference.output[static_cast<std::size_t>(i)], 2e-6) << i;
            }
        }
    });
}

TEST(Scoring, AlibiIsAsExactAtTenMillionTokensAsAtNone) {
    constexpr std::int64_t tokens = 16'000'000;
    constexpr std::int64_t far = 10'000'001;
    const AttentionShape shape{1, 2, 1, 16, 16, DType::float32};
    AttentionCase near_case = scored_case(300, 300, causal, shape, {});
    near_case.scoring.alibi = true;
    const AttentionInputs inputs(near_case);
    const std::unique_ptr<Mask> mask =
        compile_mask(parse_mask(parse_json(causal, "test"), "mask"), {tokens, tokens, {}});
    const TokenSet there({{far, far + 300}});
    const LocalMask local(*mask, there, there);
    for (const char* backend : {"cpu", "opencl", "opencl_tiled", "reference"}) {
        const Kernel& kernel = backend_of(backend, 2);
        Partial out(2, 300, 16);
        kernel.attend({inputs.q(), inputs.k(), inputs.v(), &local, near_case.scale(), inputs.scoring()}, out, {});
        EXPECT_EQ(numbers(out), numbers(run_forward(kernel, near_case, inputs))) << backend;
    }
}

TEST(Scoring, PositionsAreThoseOfTheTokenSets) {
    // Zigzag and striped parts of queries and keys, merged: the rows of the whole.
    const std::int64_t tokens = 317;
    const std::vector<std::vector<TokenSet>> dispatches{
        {TokenSet({{0, 80}, {240, 317}}), TokenSet({{80, 240}})},
        {TokenSet::every(0, 3, tokens), TokenSet::every(1, 3, tokens), TokenSet::every(2, 3, tokens)}};
    for (const ScoringCase& scoring : scoring_options(2, tokens)) {
        const AttentionCase c = scored_case(tokens, tokens, causal, {1, 2, 1, 16, 16, DType::float32}, scoring);
        SCOPED_TRACE(c.text());
        const AttentionInputs inputs(c);
        const ReferenceResult reference = reference_attention(c, inputs);
        for (const std::vector<TokenSet>& parts : dispatches) {
            for (const TokenSet& own : parts) {
                for (const std::string_view backend : backends_of_options(scoring)) {
                    SCOPED_TRACE(backend);
                    Partial sum(2, own.size(), 16, inputs.scoring().merge_rule());
                    sum.reset();
                    for (const TokenSet& theirs : parts) {
                        ForwardCall call;
                        call.queries = own;
                        call.keys = theirs;
                        merge(sum, run_forward(backend_of(backend, 2), c, inputs, call));
                    }
                    if (scoring.sinks) {
                        apply_sinks(sum, inputs.sinks.data());
                    }
                    double squares = 0.0;
                    double norm = 0.0;
                    double lse = 0.0;
                    accumulate_error(
                        reference, tokens, sum, [&](std::int64_t row) { return own.position(row); }, squares, norm,
                        lse);
                    EXPECT_LE(std::sqrt(squares / norm), 1e-6);
                    EXPECT_LE(lse, 1e-5);
                }
            }
        }
    }
}

TEST(Scoring, AResultThatMergesByAnotherRuleIsRefused) {
    const AttentionCase c = scored_case(3, 3, full, {1, 1, 1, 4, 4, DType::float32}, {0.0, false, 0, 0.0, -1.0, false});
    const AttentionInputs inputs(c);
    const std::unique_ptr<Mask> mask = c.mask();
    const TokenSet all({{0, 3}});
    const LocalMask local(*mask, all, all);
    Partial out(1, 3, 4);
    for (const char* backend : {"reference", "cpu", "opencl", "opencl_tiled"}) {
        expect_error(ErrorKind::failed, {"do not merge by one rule"}, [&] {
            backend_of(backend, 1).attend({inputs.q(), inputs.k(), inputs.v(), &local, 1.0, inputs.scoring()}, out, {});
        });
    }
}

}  // namespace
}  // namespace longscope
