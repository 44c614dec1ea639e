// SPDX-License-Identifier: GPL-3.0-or-later
// The backward pass of the cpu kernel against the float64 reference, over shapes that break tiles (96 queries, 256
// keys, groups of 12 rows), head ratios, masks and types. Bounds: DESIGN.md section 6.
#include <gtest/gtest.h>

#include "tests/support/backends.h"
#include "tests/support/backward_case.h"

namespace longscope {
namespace {

Gradients run_cpu(const AttentionCase& c, const BackwardInputs& inputs, const ReferenceGradients& reference,
                  int threads, const BackwardCall& call = {}) {
    return run_backward(*make_cpu_kernel(threads), c, inputs, reference, call);
}
Gradients run_on(std::string_view backend, const AttentionCase& c, const BackwardInputs& inputs,
                 const ReferenceGradients& reference, const BackwardCall& call = {}) {
    return run_backward(backend_of(backend, 2), c, inputs, reference, call);
}

void expect_within(const GradientError& error, double bound) {
    EXPECT_LE(error.queries, bound);
    EXPECT_LE(error.keys, bound);
    EXPECT_LE(error.values, bound);
}

void expect_exact(const AttentionCase& c) {
    SCOPED_TRACE(c.text());
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    const std::int64_t longest_sum = std::max(c.domain.key_tokens, c.domain.query_tokens);
    for (const std::string_view backend : every_backend()) {
        SCOPED_TRACE(backend);
        expect_within(error_of_gradients(reference, run_backward(backend_of(backend, 2), c, inputs, reference)),
                      gradient_bound(c.shape.dtype, longest_sum));
    }
}

AttentionCase make_case(std::int64_t queries, std::int64_t keys, const std::string& mask, AttentionShape shape,
                        std::vector<std::int64_t> cu_seqlens = {}) {
    return {shape, {queries, keys, std::move(cu_seqlens)}, mask, 1};
}

const AttentionShape small{1, 2, 1, 64, 64, DType::float32};
const AttentionShape grouped{1, 4, 2, 16, 16, DType::float32};
constexpr auto full = R"({"full": {}})";
constexpr auto causal = R"({"causal": {}})";

TEST(CpuBackward, LengthsAroundTheTiles) {
    for (const std::int64_t queries : {1, 11, 12, 13, 95, 96, 97, 193, 211}) {
        for (const std::int64_t keys : {1, 31, 33, 127, 129, 255, 256, 257, 521}) {
            expect_exact(make_case(queries, keys, full, {1, 2, 1, 32, 32, DType::float32}));
        }
    }
}

TEST(CpuBackward, CausalAtTheBottomRight) {
    for (const auto& [queries, keys] : std::vector<std::pair<std::int64_t, std::int64_t>>{
             {1, 1}, {97, 97}, {300, 300}, {50, 400}, {400, 50}, {257, 256}, {95, 257}}) {
        expect_exact(make_case(queries, keys, causal, small));
    }
}

void expect_exact_for(const std::vector<std::pair<std::int64_t, std::int64_t>>& dimensions) {
    for (const auto& [qk, v] : dimensions) {
        expect_exact(make_case(130, 270, causal, {1, 2, 2, qk, v, DType::float32}));
    }
}

TEST(CpuBackward, HeadDimensionsFromOneToOneHundred) {
    expect_exact_for({{1, 1}, {16, 16}, {17, 33}, {33, 17}, {80, 80}, {96, 96}});
}

TEST(CpuBackward, HeadDimensionsFromOneHundredToTwoHundredFiftySix) {
    expect_exact_for({{64, 128}, {128, 64}, {112, 112}, {160, 160}, {192, 128}, {256, 256}, {1, 256}});
}

TEST(CpuBackward, HeadRatios) {
    for (const auto& [query_heads, kv_heads] :
         std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 1}, {3, 3}, {8, 2}, {6, 3}, {5, 1}, {7, 7}}) {
        expect_exact(make_case(140, 140, causal, {1, query_heads, kv_heads, 32, 32, DType::float32}));
    }
}

const std::vector<const char*> masks{
    R"({"documents": {}})",
    R"({"and": [{"documents": {}}, {"causal": {}}]})",
    R"({"window": {"left": 37, "right": 0}})",
    R"({"window": {"left": 3, "right": 140}})",
    R"({"or": [{"causal": {}}, {"prefix": {"tokens": 129}}]})",
    R"({"and": [{"causal": {}}, {"or": [{"window": {"left": 20, "right": 0}}, {"sink": {"tokens": 4}}]}]})",
    R"({"not": {"window": {"left": 100, "right": 100}}})",
    R"({"and": [{"causal": {}}, {"strided_columns": {"stride": 7, "first": 2, "width": 3}}]})",
    R"({"dilated_window": {"left": 30, "right": 5, "dilation": 6}})",
    R"({"crop": {"queries": [130, 270], "keys": [255, 258], "mask": {"full": {}}}})",  // most keys are seen by nobody
    R"({"and": [{"documents": {}}, {"not": {"causal": {}}}]})",                        // rows that see nothing
    R"({"not": {"full": {}}})",
};

TEST(CpuBackward, MasksOfEveryKind) {
    const std::vector<std::int64_t> documents{0, 1, 2, 50, 93, 94, 250, 399, 400};
    for (const char* mask : masks) {
        expect_exact(make_case(400, 400, mask, {1, 4, 2, 32, 32, DType::float32}, documents));
    }
}

TEST(CpuBackward, ShorterTypes) {
    for (const DType dtype : {DType::bfloat16, DType::float16}) {
        for (const auto& [qk, v] :
             std::vector<std::pair<std::int64_t, std::int64_t>>{{64, 64}, {17, 33}, {1, 2}, {192, 128}}) {
            for (const char* mask : {full, causal, masks[5]}) {
                expect_exact(make_case(97, 259, mask, {1, 4, 2, qk, v, dtype}));
            }
        }
    }
}

// Long sums of the gradients of queries, then of those of keys and values; the short side keeps the reference
// affordable.
TEST(CpuBackward, StaysWithinTheBoundOfLongRowsAndColumns) {
    for (const auto& [queries, keys] :
         std::vector<std::pair<std::int64_t, std::int64_t>>{{24, 16384}, {16384, 24}, {8, 65536}, {65536, 8}}) {
        expect_exact(make_case(queries, keys, full, {1, 1, 1, 32, 32, DType::float32}));
    }
}

// Rows are computed in slabs, so that memory has a bound: here in several of them.
TEST(CpuBackward, LongSequencesOfManyHeads) {
    const char* const mask =
        R"({"and": [{"causal": {}}, {"or": [{"window": {"left": 90, "right": 0}}, {"sink": {"tokens": 3}}]}]})";
    const AttentionCase c = make_case(5000, 5000, mask, {1, 4, 2, 48, 32, DType::float32});
    expect_exact(c);
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    EXPECT_EQ(run_cpu(c, inputs, reference, 3), run_cpu(c, inputs, reference, 1));
}

TEST(CpuBackward, IsBitEqualForAnyNumberOfThreads) {
    // Many heads; one head alone, whose keys all threads add to; heads that share their keys.
    for (const auto& [query_heads, kv_heads] :
         std::vector<std::pair<std::int64_t, std::int64_t>>{{4, 4}, {1, 1}, {4, 1}}) {
        for (const char* mask : {causal, masks[5]}) {
            const AttentionCase c = make_case(700, 700, mask, {1, query_heads, kv_heads, 16, 16, DType::float32});
            SCOPED_TRACE(c.text());
            const BackwardInputs inputs(c);
            const ReferenceGradients reference = reference_gradients(c, inputs);
            const Gradients one = run_cpu(c, inputs, reference, 1);
            for (const int threads : {2, 3, 5}) {
                EXPECT_EQ(run_cpu(c, inputs, reference, threads), one) << threads;
            }
        }
    }
}

class EveryBackward : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Backends, EveryBackward, ::testing::Values("cpu", "opencl", "opencl_tiled"),
                         [](const auto& parameter) { return std::string(parameter.param); });

TEST_P(EveryBackward, AddsToWhatIsThere) {
    const AttentionCase c = make_case(200, 300, causal, small);
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    const BackwardInputs before({c.shape, c.domain, c.mask_json, 9});
    Gradients out(inputs.forward);
    out.queries = before.forward.queries;
    out.keys = before.forward.keys;
    out.values = before.forward.values;
    add_gradients(backend_of(GetParam(), 2), c, inputs, reference, out);
    const auto added = [](std::vector<float> after, const std::vector<float>& there) {
        std::transform(after.begin(), after.end(), there.begin(), after.begin(), std::minus<>());
        return after;
    };
    out.queries = added(out.queries, before.forward.queries);
    out.keys = added(out.keys, before.forward.keys);
    out.values = added(out.values, before.forward.values);
    // What is there is larger than what is added, and rounds it.
    expect_within(error_of_gradients(reference, out), 3 * gradient_bound(DType::float32, 300));
}

TEST_P(EveryBackward, AddsUpOverPartsOfTheKeys) {
    const AttentionCase c = make_case(300, 600, causal, grouped);
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    const Kernel& kernel = backend_of(GetParam(), 2);
    Gradients out(inputs.forward);
    for (const TokenSet& part :
         {TokenSet({{0, 100}, {500, 600}}), TokenSet({{100, 101}, {300, 500}}), TokenSet({{101, 300}})}) {
        BackwardCall call;
        call.keys = part;
        add_gradients(kernel, c, inputs, reference, out, call);
    }
    expect_within(error_of_gradients(reference, out), gradient_bound(DType::float32, 600));
}

TEST_P(EveryBackward, WithWhatItsOwnForwardPassComputed) {
    const AttentionCase c = make_case(300, 300, masks[1], small, {0, 97, 98, 300});
    const BackwardInputs inputs(c);
    const std::unique_ptr<Mask> mask = c.mask();
    const TokenSet tokens({{0, 300}});
    const LocalMask local(*mask, tokens, tokens);
    const AttendInput forward{inputs.forward.q(), inputs.forward.k(), inputs.forward.v(), &local, c.scale()};
    const Kernel& kernel = backend_of(GetParam(), 2);
    Partial partial(c.shape.query_heads, 300, c.shape.head_dim_v);
    kernel.attend(forward, partial, {});
    std::vector<float> delta(static_cast<std::size_t>(c.shape.query_heads * 300));
    compute_delta(inputs.dout(), partial.output(), delta.data());
    Gradients out(inputs.forward);
    kernel.attend_backward({forward, inputs.dout(), partial.lse(0), delta.data()}, out.view(inputs.forward), {});
    expect_within(error_of_gradients(reference_gradients(c, inputs), out), gradient_bound(DType::float32, 300));
}

TEST_P(EveryBackward, LargeScoresDoNotOverflow) {
    const AttentionCase c = make_case(60, 300, full, small);
    BackwardInputs inputs(c);
    for (float& value : inputs.forward.queries) {
        value *= 300.0F;
    }
    const ReferenceGradients reference = reference_gradients(c, inputs);
    // Scores of the order of 1000 have rounding errors of 1e-4, and so has lse: that is what the weights are off by.
    expect_within(error_of_gradients(reference, run_on(GetParam(), c, inputs, reference)), 6e-4);
}

TEST_P(EveryBackward, SkipsWhatLiesBetweenRows) {
    for (const std::int64_t gap : {1, 3, 16}) {
        const AttentionCase c = make_case(130, 270, causal, {1, 4, 2, 20, 24, DType::float32});
        const BackwardInputs inputs(c);
        const ReferenceGradients reference = reference_gradients(c, inputs);
        EXPECT_EQ(run_on(GetParam(), c, inputs, reference, {.hooks = {}, .row_gap = gap}),
                  run_on(GetParam(), c, inputs, reference));
    }
}

TEST_P(EveryBackward, RowsWithoutAKeyAndKeysThatNobodySeesGetNothing) {
    const AttentionCase c =
        make_case(300, 300, R"({"crop": {"queries": [100, 110], "keys": [250, 257], "mask": {"full": {}}}})", grouped);
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    Gradients out = run_on(GetParam(), c, inputs, reference);
    const AttendGradients view = out.view(inputs.forward);
    const auto expect_only = [](HeadMatrix<const float> gradients, Range tokens) {
        for (std::int64_t row = 0; row < gradients.heads * gradients.tokens; ++row) {
            const float* first = gradients.row(0, row);
            const bool zero = std::all_of(first, first + gradients.dim, [](float value) { return value == 0.0F; });
            ASSERT_EQ(zero, !tokens.contains(row % gradients.tokens)) << "row " << row;
        }
    };
    expect_only(view.queries, {100, 110});
    expect_only(view.keys, {250, 257});
    expect_only(view.values, {250, 257});
}

TEST_P(EveryBackward, CountsEveryPairOnceAndPollsOnTheCallingThreadOnly) {
    for (const char* mask : {causal, masks[2]}) {
        const AttentionCase c = make_case(500, 500, mask, grouped);
        const BackwardInputs inputs(c);
        const ReferenceGradients reference = reference_gradients(c, inputs);
        std::atomic<std::int64_t> pairs{0};
        std::atomic<int> foreign_polls{0};
        int polls = 0;
        const auto caller = std::this_thread::get_id();
        BackwardCall call;
        call.hooks = {[&] { std::this_thread::get_id() == caller ? ++polls : ++foreign_polls; }, &pairs, nullptr};
        (void)run_on(GetParam(), c, inputs, reference, call);
        EXPECT_EQ(pairs, c.shape.query_heads * c.mask()->pairs());
        EXPECT_GT(polls, 0);
        EXPECT_EQ(foreign_polls, 0);
    }
}

TEST(CpuBackward, StopsWhenCancelled) {
    const AttentionCase c = make_case(500, 500, full, grouped);
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    for (const bool from_the_beginning : {true, false}) {
        std::atomic<bool> cancelled{from_the_beginning};
        std::atomic<std::int64_t> pairs{0};
        BackwardCall call;
        call.hooks = {[&] { cancelled = true; }, &pairs, &cancelled};
        try {
            (void)run_cpu(c, inputs, reference, 1, call);
            FAIL() << "not cancelled";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::cancelled);
        }
        EXPECT_LT(pairs, c.shape.query_heads * c.mask()->pairs());
    }
}

}  // namespace
}  // namespace longscope
