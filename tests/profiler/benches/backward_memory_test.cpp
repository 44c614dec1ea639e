// SPDX-License-Identifier: GPL-3.0-or-later
// The backward pass takes less memory beyond the caller's tensors than a fifth more than its gradients, whatever the
// mask: by the operating system's own count. Each figure is a property of the
// test (--gtest_output=xml:FILE).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/kernel/kernel.h"
#include "engine/mask/expression.h"
#include "engine/mask/heads.h"
#include "engine/tensor/aligned_buffer.h"
#include "profiler/benches/peak_memory.h"
#include "tests/support/sanitized.h"

namespace longscope {
namespace {

constexpr int threads = 2;

struct MemoryCase {
    std::int64_t tokens;
    std::int64_t query_heads;
    std::int64_t kv_heads;
    std::int64_t dim;
    const char* name;
    const char* mask;
};

AlignedBuffer<float> filled(std::int64_t size, float value) {
    AlignedBuffer<float> buffer(size);
    buffer.fill(value);
    return buffer;
}

// How far the process grows as a share of what the gradients take.
double growth_of(const MemoryCase& c) {
    const HeadMasks masks =
        compile_head_masks(parse_mask(parse_json(c.mask, "test"), "mask"), {c.tokens, c.tokens, {}}, c.query_heads);
    const TokenSet tokens({{0, c.tokens}});
    const LocalMask local(masks, tokens, tokens);
    const std::int64_t of_queries = c.query_heads * c.tokens * c.dim;
    const std::int64_t of_keys = c.kv_heads * c.tokens * c.dim;
    const AlignedBuffer<float> q = filled(of_queries, 0.25F);
    const AlignedBuffer<float> k = filled(of_keys, 0.25F);
    const AlignedBuffer<float> v = filled(of_keys, 0.25F);
    const AlignedBuffer<float> dout = filled(of_queries, 0.25F);
    const AlignedBuffer<float> lse =
        filled(c.query_heads * c.tokens, static_cast<float>(std::log(static_cast<double>(c.tokens))));
    const AlignedBuffer<float> delta = filled(c.query_heads * c.tokens, 0.0F);
    AlignedBuffer<float> dq = filled(of_queries, 0.0F);
    AlignedBuffer<float> dk = filled(of_keys, 0.0F);
    AlignedBuffer<float> dv = filled(of_keys, 0.0F);
    const auto view = [&](const AlignedBuffer<float>& of, std::int64_t heads) {
        return HeadView{of.data(), DType::float32, heads, c.tokens, c.dim};
    };
    const PeakMemory memory;
    {
        const auto kernel = make_kernel("cpu", threads);
        kernel->attend_backward({{view(q, c.query_heads), view(k, c.kv_heads), view(v, c.kv_heads), &local,
                                  1.0 / std::sqrt(static_cast<double>(c.dim))},
                                 view(dout, c.query_heads),
                                 lse.data(),
                                 delta.data()},
                                {{dq.data(), c.query_heads, c.tokens, c.dim},
                                 {dk.data(), c.kv_heads, c.tokens, c.dim},
                                 {dv.data(), c.kv_heads, c.tokens, c.dim}},
                                {});
    }
    const auto gradients = static_cast<double>(dq.size_bytes() + dk.size_bytes() + dv.size_bytes());
    return static_cast<double>(memory.grown_bytes()) / gradients;
}

constexpr auto full = R"({"full": {}})";
constexpr auto causal = R"({"causal": {}})";
constexpr auto window = R"({"window": {"left": 1023, "right": 0}})";
constexpr auto blocks = R"({"random_block_sparse": {"q_block": 128, "k_block": 128, "kept": 0.1, "seed": 1}})";
constexpr auto strided = R"({"and": [{"causal": {}}, {"strided_columns": {"stride": 8, "first": 0, "width": 1}}]})";
constexpr auto of_heads =
    R"({"per_heads": {"assignments": [{"heads": [0, 1], "mask": {"causal": {}}},
                                      {"heads": [1, 2], "mask": {"window": {"left": 500, "right": 3}}},
                                      {"heads": [2, 3], "mask": {"strided_columns": {"stride": 9, "first": 1, "width": 2}}}],
                      "otherwise": {"random_block_sparse": {"q_block": 128, "k_block": 128, "kept": 0.1, "seed": 1}}}})";

constexpr auto of_short_heads =
    R"({"per_heads": {"assignments": [{"heads": [0, 1], "mask": {"window": {"left": 800, "right": 0}}},
                                      {"heads": [1, 2], "mask": {"window": {"left": 500, "right": 3}}}],
                      "otherwise": {"random_block_sparse": {"q_block": 128, "k_block": 128, "kept": 0.02, "seed": 1}}}})";

void expect_within_the_bound(const std::vector<MemoryCase>& cases) {
    if (sanitizer_slowdown > 1) {
        GTEST_SKIP() << "a sanitizer keeps memory of its own beside what is counted";
    }
    for (const MemoryCase& c : cases) {
        const double growth = growth_of(c);
        ::testing::Test::RecordProperty(
            fmt::format("tokens_{}_heads_{}_{}_dim_{}_{}", c.tokens, c.query_heads, c.kv_heads, c.dim, c.name),
            fmt::format("{:.3f}", growth));
        EXPECT_LT(growth, 1.2) << c.tokens << " tokens, " << c.query_heads << ":" << c.kv_heads << " heads of " << c.dim
                               << ", " << c.mask;
        EXPECT_GT(growth, 0.0) << "nothing is measured";
    }
}

TEST(BackwardMemory, StaysBelowTheBoundForEveryKindOfMask) {
    expect_within_the_bound({{16'384, 1, 1, 64, "full", full},
                             {16'384, 1, 1, 64, "causal", causal},
                             {16'384, 1, 1, 64, "window", window},
                             {16'384, 1, 1, 64, "blocks", blocks},
                             {16'384, 1, 1, 64, "strided", strided},
                             {16'384, 4, 4, 64, "of_heads", of_heads}});
}

TEST(BackwardMemory, StaysBelowTheBoundForManyHeadsAndGroups) {
    expect_within_the_bound({{16'384, 8, 8, 64, "window", window},
                             {16'384, 8, 1, 64, "blocks", blocks},
                             {16'384, 4, 2, 128, "strided", strided}});
}

TEST(BackwardMemory, DoesNotGrowWithTheLengthOfTheSequence) {
    expect_within_the_bound({{65'536, 1, 1, 16, "full", full},
                             {65'536, 1, 1, 16, "causal", causal},
                             {65'536, 1, 1, 64, "window", window},
                             {65'536, 1, 1, 64, "blocks", blocks},
                             {65'536, 3, 1, 32, "of_short_heads", of_short_heads}});
}

}  // namespace
}  // namespace longscope
