// SPDX-License-Identifier: GPL-3.0-or-later
// The cpu kernel against the float64 reference, over shapes that break tiles (132 x 256), head ratios and masks.
// Bounds: DESIGN.md section 6.
#include <gtest/gtest.h>

#include "tests/support/attention_case.h"
#include "tests/support/backends.h"

namespace longscope {
namespace {

TokenSet all_tokens(std::int64_t tokens) {
    return TokenSet({{0, tokens}});
}

Partial run_kernel(std::string_view name, const AttentionCase& c, const AttentionInputs& inputs, int threads) {
    const HeadMasks masks = c.masks();
    const TokenSet queries = all_tokens(c.domain.query_tokens);
    const TokenSet keys = all_tokens(c.domain.key_tokens);
    const LocalMask local(masks, queries, keys);
    Partial out(c.shape.query_heads, c.domain.query_tokens, c.shape.head_dim_v);
    backend_of(name, threads).attend({inputs.q(), inputs.k(), inputs.v(), &local, c.scale()}, out, {});
    return out;
}

void expect_exact(const AttentionCase& c) {
    SCOPED_TRACE(c.text());
    const AttentionInputs inputs(c);
    const ReferenceResult reference = reference_attention(c, inputs);
    Backends backends = every_backend();
    backends.emplace_back("reference");
    for (const std::string_view kernel : backends) {
        const AttentionError error = error_of(reference, run_kernel(kernel, c, inputs, 2));
        EXPECT_LE(error.output_relative_l2, 1e-6) << kernel;
        EXPECT_LE(error.lse_absolute, 1e-5) << kernel;
    }
}

AttentionCase make_case(std::int64_t queries, std::int64_t keys, const std::string& mask, AttentionShape shape,
                        std::vector<std::int64_t> cu_seqlens = {}) {
    return {shape, {queries, keys, std::move(cu_seqlens)}, mask, 1};
}

const AttentionShape small{1, 2, 1, 64, 64, DType::float32};

TEST(CpuKernel, LengthsAroundTheTiles) {
    for (const std::int64_t queries : {1, 5, 11, 12, 13, 64, 65, 71, 72, 73, 131, 132, 133, 200}) {
        for (const std::int64_t keys : {1, 31, 32, 33, 63, 64, 65, 255, 256, 257, 300}) {
            expect_exact(make_case(queries, keys, R"({"full": {}})", small));
        }
    }
}

TEST(CpuKernel, CausalAtTheBottomRight) {
    for (const auto& [queries, keys] : std::vector<std::pair<std::int64_t, std::int64_t>>{
             {1, 1}, {97, 97}, {300, 300}, {50, 400}, {400, 50}, {129, 128}}) {
        expect_exact(make_case(queries, keys, R"({"causal": {}})", small));
    }
}

TEST(CpuKernel, HeadDimensionsFromOneToTwoHundredFiftySix) {
    for (const auto& [qk, v] : std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 1},
                                                                                  {16, 16},
                                                                                  {17, 33},
                                                                                  {64, 128},
                                                                                  {128, 64},
                                                                                  {80, 80},
                                                                                  {96, 96},
                                                                                  {112, 112},
                                                                                  {160, 160},
                                                                                  {192, 128},
                                                                                  {256, 256}}) {
        expect_exact(make_case(130, 150, R"({"causal": {}})", {1, 2, 2, qk, v, DType::float32}));
    }
}

TEST(CpuKernel, HeadRatios) {
    for (const auto& [query_heads, kv_heads] :
         std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 1}, {3, 3}, {8, 2}, {6, 3}, {5, 1}, {7, 7}}) {
        expect_exact(make_case(140, 140, R"({"causal": {}})", {1, query_heads, kv_heads, 32, 32, DType::float32}));
    }
}

TEST(CpuKernel, MasksOfEveryKind) {
    const std::vector<std::int64_t> documents{0, 1, 2, 50, 93, 94, 250, 399, 400};
    for (const char* mask : {
             R"({"documents": {}})",
             R"({"and": [{"documents": {}}, {"causal": {}}]})",
             R"({"window": {"left": 37, "right": 0}})",
             R"({"window": {"left": 3, "right": 140}})",
             R"({"or": [{"causal": {}}, {"prefix": {"tokens": 129}}]})",
             R"({"and": [{"causal": {}}, {"or": [{"window": {"left": 20, "right": 0}}, {"sink": {"tokens": 4}}]}]})",
             R"({"not": {"window": {"left": 100, "right": 100}}})",
             R"({"and": [{"documents": {}}, {"not": {"causal": {}}}]})",  // rows that see nothing
             R"({"not": {"full": {}}})",
         }) {
        expect_exact(make_case(400, 400, mask, {1, 4, 2, 64, 64, DType::float32}, documents));
    }
}

TEST(CpuKernel, StaysWithinTheBoundAtSixteenThousandKeys) {
    // Few rows keep the reference affordable; the error depends on the keys of a row. Up to 128 rows are decoded.
    for (const std::int64_t rows : {40, 130}) {
        expect_exact(make_case(rows, 16384, R"({"full": {}})", {1, 1, 1, 64, 64, DType::float32}));
    }
}

TEST(CpuKernel, StaysWithinTheBoundAtSixtyFiveThousandKeys) {
    for (const std::int64_t rows : {16, 130}) {
        const AttentionCase c = make_case(rows, 65536, R"({"full": {}})", {1, 1, 1, 64, 64, DType::float32});
        const AttentionInputs inputs(c);
        const ReferenceResult reference = reference_attention(c, inputs);
        for (const std::string_view kernel : every_backend()) {
            const AttentionError error = error_of(reference, run_kernel(kernel, c, inputs, 2));
            EXPECT_LE(error.output_relative_l2, 2e-6) << kernel << ", " << rows << " rows";
            EXPECT_LE(error.lse_absolute, 1e-5) << kernel << ", " << rows << " rows";
        }
    }
}

TEST(CpuKernel, LargeScoresDoNotOverflow) {
    AttentionCase c = make_case(150, 200, R"({"full": {}})", small);
    AttentionInputs inputs(c);
    for (float& value : inputs.queries) {
        value *= 300.0F;
    }
    const ReferenceResult reference = reference_attention(c, inputs);
    for (const std::string_view kernel : every_backend()) {
        const AttentionError error = error_of(reference, run_kernel(kernel, c, inputs, 2));
        // Scores of the order of 1000 have rounding errors of 1e-4, which is what the weights then are off by.
        EXPECT_LE(error.output_relative_l2, 2e-4) << kernel;
        EXPECT_LE(error.lse_absolute, 1e-3) << kernel;
    }
}

TEST(CpuKernel, IsBitEqualForAnyNumberOfThreads) {
    const AttentionCase c = make_case(500, 500, R"({"causal": {}})", {1, 4, 2, 64, 64, DType::float32});
    const AttentionInputs inputs(c);
    const Partial one = run_kernel("cpu", c, inputs, 1);
    for (const int threads : {2, 3, 5}) {
        const Partial many = run_kernel("cpu", c, inputs, threads);
        EXPECT_EQ(std::vector<float>(one.output().data, one.output().data + one.output().size()),
                  std::vector<float>(many.output().data, many.output().data + many.output().size()));
    }
}

TEST(CpuKernel, CountsPairsAndPollsOnTheCallingThreadOnly) {
    const AttentionCase c = make_case(500, 500, R"({"causal": {}})", {1, 4, 2, 16, 16, DType::float32});
    const AttentionInputs inputs(c);
    const std::unique_ptr<Mask> mask = c.mask();
    const TokenSet tokens = all_tokens(500);
    const LocalMask local(*mask, tokens, tokens);
    Partial out(4, 500, 16);
    std::atomic<std::int64_t> pairs{0};
    std::atomic<int> foreign_polls{0};
    int polls = 0;
    const auto caller = std::this_thread::get_id();
    make_cpu_kernel(3)->attend({inputs.q(), inputs.k(), inputs.v(), &local, c.scale()}, out,
                               {[&] {
                                    if (std::this_thread::get_id() == caller) {
                                        ++polls;
                                    } else {
                                        ++foreign_polls;
                                    }
                                },
                                &pairs, nullptr});
    EXPECT_EQ(pairs, 4 * mask->pairs());
    EXPECT_GT(polls, 0);
    EXPECT_EQ(foreign_polls, 0);
}

TEST(CpuKernel, StopsWhenCancelled) {
    const AttentionCase c = make_case(500, 500, R"({"full": {}})", small);
    const AttentionInputs inputs(c);
    const std::unique_ptr<Mask> mask = c.mask();
    const TokenSet tokens = all_tokens(500);
    const LocalMask local(*mask, tokens, tokens);
    Partial out(2, 500, 64);
    const std::atomic<bool> cancelled{true};
    for (const std::string_view kernel : {"cpu", "opencl", "opencl_tiled", "reference"}) {
        try {
            backend_of(kernel, 2).attend({inputs.q(), inputs.k(), inputs.v(), &local, c.scale()}, out,
                                         {nullptr, nullptr, &cancelled});
            FAIL() << "not cancelled";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::cancelled);
        }
    }
}

}  // namespace
}  // namespace longscope
