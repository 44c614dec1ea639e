// SPDX-License-Identifier: GPL-3.0-or-later
// Weights that the forward pass keeps: the gradients with them against the float64 reference, over shapes that break
// the tiles of both passes (132 x 256 and 96 x 192), masks, types, scorings and instruction sets; what they take; and
// when they are refused.
#include "engine/kernel/stored_probabilities.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/error.h"
#include "engine/kernel/cpu/cpu_kernel.h"
#include "tests/support/backward_case.h"
#include "tests/support/mask_generators.h"
#include "tests/support/scoring_cases.h"

namespace longscope {
namespace {

constexpr std::int64_t enough_bytes = std::int64_t{1} << 30;

Gradients run_stored(const Kernel& kernel, const AttentionCase& c, const BackwardInputs& inputs,
                     const ReferenceGradients& reference, BackwardCall call = {}) {
    StoredProbabilities stored(enough_bytes);
    call.stored = &stored;
    Gradients gradients = run_backward(kernel, c, inputs, reference, call);
    EXPECT_EQ(stored.why_not(), "");
    return gradients;
}

void expect_exact(const AttentionCase& c, const Kernel& kernel) {
    SCOPED_TRACE(c.text());
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    EXPECT_LE(error_of_gradients(reference, run_stored(kernel, c, inputs, reference)).worst(),
              gradient_bound(c.shape.dtype, std::max(c.domain.key_tokens, c.domain.query_tokens)));
}

AttentionCase make_case(std::int64_t queries, std::int64_t keys, const std::string& mask, AttentionShape shape,
                        std::vector<std::int64_t> cu_seqlens = {}) {
    return {shape, {queries, keys, std::move(cu_seqlens)}, mask, 1};
}

constexpr auto full = R"({"full": {}})";
constexpr auto causal = R"({"causal": {}})";
const std::vector<const char*> masks{
    full,
    causal,
    R"({"and": [{"documents": {}}, {"causal": {}}]})",
    R"({"window": {"left": 37, "right": 3}})",
    R"({"not": {"window": {"left": 100, "right": 100}}})",
    R"({"and": [{"causal": {}}, {"strided_columns": {"stride": 7, "first": 2, "width": 3}}]})",
    R"({"random_block_sparse": {"q_block": 50, "k_block": 30, "kept": 0.2, "seed": 3}})",
    R"({"random_block_sparse": {"q_block": 1, "k_block": 1, "kept": 0.5, "seed": 3}})",
    R"({"block_causal": {"block": 70}})",
    R"({"crop": {"queries": [130, 270], "keys": [255, 258], "mask": {"full": {}}}})",
    R"({"not": {"full": {}}})",
    R"({"per_heads": {"assignments": [{"heads": [0, 1], "mask": {"causal": {}}},
                                      {"heads": [2, 3], "mask": {"window": {"left": 90, "right": 0}}}],
                      "otherwise": {"strided_columns": {"stride": 5, "first": 1, "width": 2}}}})",
};
const std::vector<std::int64_t> documents{0, 1, 2, 50, 93, 94, 250, 399, 401};

TEST(StoredProbabilities, LengthsAroundTheTiles) {
    const auto kernel = make_cpu_kernel(2);
    for (const std::int64_t queries : {1, 2, 11, 13, 95, 96, 97, 131, 132, 133, 193, 211}) {
        for (const std::int64_t keys : {1, 31, 33, 63, 65, 191, 192, 193, 255, 256, 257, 521}) {
            expect_exact(make_case(queries, keys, full, {1, 2, 1, 32, 32, DType::float32}), *kernel);
        }
    }
}

TEST(StoredProbabilities, MasksOfEveryKind) {
    const auto kernel = make_cpu_kernel(2);
    for (const char* mask : masks) {
        for (const DType dtype : {DType::float32, DType::bfloat16}) {
            expect_exact(make_case(401, 401, mask, {1, 4, 2, 32, 48, dtype}, documents), *kernel);
        }
    }
}

TEST(StoredProbabilities, HeadDimensionsAndRatios) {
    const auto kernel = make_cpu_kernel(2);
    for (const DType dtype : {DType::float32, DType::bfloat16, DType::float16}) {
        for (const auto& [qk, v] : std::vector<std::pair<std::int64_t, std::int64_t>>{
                 {1, 1}, {17, 33}, {33, 17}, {64, 128}, {192, 128}, {1, 256}}) {
            expect_exact(make_case(130, 271, causal, {1, 6, 2, qk, v, dtype}), *kernel);
        }
    }
}

TEST(StoredProbabilities, OnEveryInstructionSet) {
    for (const cpu::TileVariant& variant : cpu::tile_variants()) {
        const auto kernel = cpu::make_kernel_of(variant, 2);
        for (const DType dtype : {DType::float32, DType::bfloat16}) {
            if (!variant.refusal(dtype).empty()) {
                continue;
            }
            SCOPED_TRACE(variant.name);
            for (const char* mask : {full, masks[2], masks[5]}) {
                expect_exact(make_case(303, 303, mask, {1, 2, 1, 40, 24, dtype}, {0, 97, 303}), *kernel);
            }
        }
    }
}

// The largest score of a row comes late: what was kept before it is relative to a smaller one.
TEST(StoredProbabilities, ScoresThatRiseAlongTheRow) {
    const AttentionCase c = make_case(140, 900, full, {1, 1, 1, 16, 16, DType::float32});
    BackwardInputs inputs(c);
    for (std::size_t i = 0; i < inputs.forward.keys.size(); ++i) {
        inputs.forward.keys[i] *= static_cast<float>(i / 16) / 60.0F;
    }
    const ReferenceGradients reference = reference_gradients(c, inputs);
    EXPECT_LE(error_of_gradients(reference, run_stored(*make_cpu_kernel(2), c, inputs, reference)).worst(), 2e-5);
}

TEST(StoredProbabilities, ScoringsThatKeepThemAndThoseThatDoNot) {
    const auto kernel = make_cpu_kernel(2);
    for (const ScoringCase& scoring : scoring_options(4, 290)) {
        const AttentionCase c = scored_case(211, 290, causal, {1, 4, 2, 24, 32, DType::float32}, scoring);
        SCOPED_TRACE(c.text());
        const BackwardInputs inputs(c);
        const ReferenceGradients reference = reference_gradients(c, inputs);
        StoredProbabilities stored(enough_bytes);
        BackwardCall call;
        call.stored = &stored;
        const Gradients gradients = run_backward(*kernel, c, inputs, reference, call);
        EXPECT_LE(error_of_gradients(reference, gradients).worst(), gradient_bound(DType::float32, 290));
        const bool keeps = scoring.soft_cap == 0.0 && !scoring.sigmoid_bias;
        EXPECT_EQ(stored.bytes() > 0, keeps);
        EXPECT_EQ(stored.why_not().empty(), keeps);
    }
}

// lse and delta are those of whole rows; the kept weights are those of a part of the keys.
TEST(StoredProbabilities, OfPartsOfTheKeysAddUp) {
    const AttentionCase c = make_case(300, 600, causal, {1, 4, 2, 16, 16, DType::float32});
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    const auto kernel = make_cpu_kernel(2);
    Gradients out(inputs.forward);
    for (const TokenSet& part :
         {TokenSet({{0, 100}, {500, 600}}), TokenSet({{100, 101}, {300, 500}}), TokenSet({{101, 300}})}) {
        StoredProbabilities stored(enough_bytes);
        BackwardCall call;
        call.keys = part;
        call.stored = &stored;
        add_gradients(*kernel, c, inputs, reference, out, call);
    }
    EXPECT_LE(error_of_gradients(reference, out).worst(), gradient_bound(DType::float32, 600));
}

TEST(StoredProbabilities, GiveBitEqualGradientsForAnyNumberOfThreads) {
    for (const auto& [query_heads, kv_heads] : std::vector<std::pair<std::int64_t, std::int64_t>>{{4, 1}, {1, 1}}) {
        for (const DType dtype : {DType::float32, DType::bfloat16}) {
            for (const char* mask : {causal, masks[6]}) {
                const AttentionCase c = make_case(700, 700, mask, {1, query_heads, kv_heads, 16, 16, dtype});
                SCOPED_TRACE(c.text());
                const BackwardInputs inputs(c);
                const ReferenceGradients reference = reference_gradients(c, inputs);
                const Gradients one = run_stored(*make_cpu_kernel(1), c, inputs, reference);
                for (const int threads : {2, 3, 5}) {
                    EXPECT_EQ(run_stored(*make_cpu_kernel(threads), c, inputs, reference), one) << threads;
                }
            }
        }
    }
}

// A tile with what is no number is computed key by key, and again in the backward pass.
TEST(StoredProbabilities, NaNReachesOnlyTheRowsThatSeeIt) {
    const AttentionCase c =
        make_case(700, 700, R"({"window": {"left": 20, "right": 0}})", {1, 2, 1, 32, 32, DType::float32});
    const auto kernel = make_cpu_kernel(2);
    const TokenSet all({{0, 700}});
    const std::unique_ptr<Mask> mask = c.mask();
    const LocalMask local(*mask, all, all);
    for (const bool in_a_key : {true, false}) {
        const auto run = [&](bool poisoned) {
            BackwardInputs inputs(c);
            std::vector<float>& tensor = in_a_key ? inputs.forward.keys : inputs.forward.queries;
            tensor[150 * 32 + 5] = poisoned ? std::numeric_limits<float>::quiet_NaN() : tensor[150 * 32 + 5];
            StoredProbabilities stored(enough_bytes);
            AttendInput forward{inputs.forward.q(), inputs.forward.k(), inputs.forward.v(), &local, c.scale()};
            forward.keep = &stored;
            Partial partial(2, 700, 32);
            kernel->attend(forward, partial, {});
            std::vector<float> delta(2 * 700);
            compute_delta(inputs.dout(), std::as_const(partial).output(), delta.data());
            Gradients out(inputs.forward);
            kernel->attend_backward({forward, inputs.dout(), partial.lse(0), delta.data(), &stored},
                                    out.view(inputs.forward), {});
            return out;
        };
        const Gradients clean = run(false);
        const Gradients got = run(true);
        const Range rows{150, in_a_key ? 171 : 151};
        for (std::size_t i = 0; i < got.queries.size(); ++i) {
            const auto row = static_cast<std::int64_t>(i / 32 % 700);
            if (!rows.contains(row) || (!in_a_key && i >= 700 * 32)) {
                ASSERT_NEAR(got.queries[i], clean.queries[i], 1e-5) << "row " << row;
            }
        }
        for (std::size_t i = 0; i < got.keys.size(); ++i) {
            const auto key = static_cast<std::int64_t>(i / 32);
            if (!Range{130, 171}.contains(key)) {
                ASSERT_NEAR(got.keys[i], clean.keys[i], 1e-5) << "key " << key;
                ASSERT_NEAR(got.values[i], clean.values[i], 1e-5) << "key " << key;
            }
        }
        EXPECT_TRUE(std::isnan(got.queries[150 * 32]));
    }
}

struct Forward {
    explicit Forward(const AttentionCase& c)
        : inputs(c), masks(c.masks()), queries({{0, c.domain.query_tokens}}), keys({{0, c.domain.key_tokens}}) {
        input.queries = inputs.q();
        input.keys = inputs.k();
        input.values = inputs.v();
        input.mask = &local;
        input.scale = c.scale();
    }
    AttentionInputs inputs;
    HeadMasks masks;
    TokenSet queries;
    TokenSet keys;
    LocalMask local{masks, queries, keys};
    AttendInput input;
};

TEST(StoredProbabilities, TakeWhatIsSaidBeforehandAndNothingForEmptyTiles) {
    const auto kernel = make_cpu_kernel(2);
    const AttentionShape shape{1, 2, 1, 16, 16, DType::float32};
    const auto bytes_of = [&](const char* mask) {
        Forward forward(make_case(960, 960, mask, shape));
        StoredProbabilities stored(enough_bytes);
        forward.input.keep = &stored;
        Partial out(2, 960, 16);
        kernel->attend(forward.input, out, {});
        EXPECT_EQ(stored.bytes(), kernel->stored_bytes(forward.input));
        return stored.bytes();
    };
    // Ten times five tiles of 96 x 192 with two exponents a row.
    EXPECT_EQ(bytes_of(full), 2 * 50 * (96 * 192 + 2 * 96) * 4);
    EXPECT_EQ(bytes_of(R"({"crop": {"queries": [96, 192], "keys": [191, 193], "mask": {"full": {}}}})"),
              2 * 2 * (96 * 192 + 2 * 96) * 4);
    EXPECT_EQ(bytes_of(R"({"not": {"full": {}}})"), 0);
}

// Steps of a training, of which each keeps weights in the place of those before.
TEST(StoredProbabilities, OfOneCallAfterTheOther) {
    const auto kernel = make_cpu_kernel(2);
    StoredProbabilities stored(enough_bytes);
    for (const auto& [queries, keys] :
         std::vector<std::pair<std::int64_t, std::int64_t>>{{200, 300}, {200, 300}, {97, 401}}) {
        for (const std::uint64_t seed : {1, 2}) {
            AttentionCase c = make_case(queries, keys, causal, {1, 2, 1, 16, 16, DType::float32});
            c.seed = seed;
            const BackwardInputs inputs(c);
            const ReferenceGradients reference = reference_gradients(c, inputs);
            BackwardCall call;
            call.stored = &stored;
            EXPECT_LE(error_of_gradients(reference, run_backward(*kernel, c, inputs, reference, call)).worst(),
                      gradient_bound(DType::float32, keys));
        }
    }
}

TEST(StoredProbabilities, AreRefusedAboveTheBudgetBeforeAnythingIsComputed) {
    const auto kernel = make_cpu_kernel(2);
    Forward forward(make_case(300, 300, full, {1, 2, 1, 16, 16, DType::float32}));
    const std::int64_t bytes = kernel->stored_bytes(forward.input);
    StoredProbabilities exact(bytes);
    forward.input.keep = &exact;
    Partial out(2, 300, 16);
    kernel->attend(forward.input, out, {});
    EXPECT_EQ(exact.bytes(), bytes);
    StoredProbabilities small(bytes - 1);
    forward.input.keep = &small;
    try {
        kernel->attend(forward.input, out, {});
        FAIL() << "not refused";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::out_of_memory);
        EXPECT_NE(std::string(error.what()).find("more than the budget of"), std::string::npos) << error.what();
    }
    EXPECT_EQ(small.bytes(), 0);
}

TEST(StoredProbabilities, OfOtherTensorsAreRefused) {
    const auto kernel = make_cpu_kernel(1);
    const AttentionCase c = make_case(200, 200, full, {1, 2, 1, 16, 16, DType::float32});
    const AttentionCase other = make_case(200, 201, full, c.shape);
    Forward forward(c);
    StoredProbabilities stored(enough_bytes);
    forward.input.keep = &stored;
    Partial out(2, 200, 16);
    kernel->attend(forward.input, out, {});
    const BackwardInputs inputs(other);
    const Forward of_other(other);
    const std::vector<float> zeros(2 * 200);
    Gradients gradients(inputs.forward);
    try {
        kernel->attend_backward({of_other.input, inputs.dout(), zeros.data(), zeros.data(), &stored},
                                gradients.view(inputs.forward), {});
        FAIL() << "not refused";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::bad_input);
    }
}

TEST(StoredProbabilities, TheReferenceKeepsNothingAndComputesAgain) {
    const AttentionCase c = make_case(50, 60, causal, {1, 2, 1, 8, 8, DType::float32});
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    StoredProbabilities stored(enough_bytes);
    BackwardCall call;
    call.stored = &stored;
    const Gradients gradients = run_backward(*make_reference_kernel(1), c, inputs, reference, call);
    EXPECT_LE(error_of_gradients(reference, gradients).worst(), 1e-6);
    EXPECT_EQ(stored.bytes(), 0);
    EXPECT_NE(stored.why_not(), "");
}

RC_GTEST_PROP(StoredProbabilities, EqualTheReferenceUnderRandomMasks, ()) {
    const auto mask = *mask_case(2);
    const AttentionCase c{
        {1, 2, 1, 8, 12, *rc::gen::element(DType::float32, DType::bfloat16)}, mask.domain, mask.expression.dump(), 5};
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    const Gradients gradients = run_stored(*make_cpu_kernel(2), c, inputs, reference);
    RC_ASSERT(error_of_gradients(reference, gradients).worst() <= gradient_bound(c.shape.dtype, 300));
}

}  // namespace
}  // namespace longscope
