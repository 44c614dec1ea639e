// SPDX-License-Identifier: GPL-3.0-or-later
// Masks that differ from head to head, forward, backward and for few rows, against the float64 reference, which knows
// of one head at a time only.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/backends.h"
#include "tests/support/backward_case.h"
#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

const std::vector<std::string> kinds{
    R"({"full": {}})",
    R"({"causal": {}})",
    R"({"window": {"left": 37, "right": 0}})",
    R"({"or": [{"sink": {"tokens": 4}}, {"window": {"left": 20, "right": 3}}]})",
    R"({"and": [{"documents": {}}, {"causal": {}}]})",
    R"({"strided_columns": {"stride": 5, "first": 1, "width": 2}})",
    R"({"not": {"full": {}}})",
};

// Each head has one of the kinds.
std::string mask_of(const std::vector<std::size_t>& kind_of_head) {
    std::string assignments;
    for (std::size_t head = 0; head < kind_of_head.size(); ++head) {
        assignments += (head == 0 ? "" : ", ") + std::string(R"({"heads": [)") + std::to_string(head) + ", " +
                       std::to_string(head + 1) + R"(], "mask": )" + kinds[kind_of_head[head]] + "}";
    }
    return R"({"per_heads": {"assignments": [)" + assignments + "]}}";
}

Partial attend(const Kernel& kernel, const AttentionCase& c, const AttentionInputs& inputs,
               const AttendHooks& hooks = {}) {
    const HeadMasks masks = c.masks();
    const TokenSet queries({{0, c.domain.query_tokens}});
    const TokenSet keys({{0, c.domain.key_tokens}});
    const LocalMask local(masks, queries, keys);
    Partial out(c.shape.query_heads, c.domain.query_tokens, c.shape.head_dim_v);
    kernel.attend({inputs.q(), inputs.k(), inputs.v(), &local, c.scale()}, out, hooks);
    return out;
}

AttentionCase drawn_case(std::int64_t most_queries, std::int64_t most_keys) {
    const std::int64_t groups = *integer_from(1, 4);
    const std::int64_t heads_of_group = *integer_from(1, 3);
    std::vector<std::size_t> kind_of_head;
    for (std::int64_t head = 0; head < groups * heads_of_group; ++head) {
        kind_of_head.push_back(static_cast<std::size_t>(*integer_from(0, 6)));
    }
    const std::int64_t keys = *integer_from(40, most_keys);
    AttentionCase c;
    c.shape = {1, groups * heads_of_group, groups, 24, 16, DType::float32};
    c.domain = {most_queries == 0 ? keys : *integer_from(1, most_queries), keys, {0, (keys + 1) / 2, keys}};
    if (c.domain.query_tokens != keys) {
        c.domain.cu_seqlens.clear();
        std::replace(kind_of_head.begin(), kind_of_head.end(), std::size_t{4}, std::size_t{1});
    }
    c.mask_json = mask_of(kind_of_head);
    return c;
}

void expect_forward_exact(const AttentionCase& c) {
    const AttentionInputs inputs(c);
    const ReferenceResult reference = reference_attention(c, inputs);
    for (const std::string_view name : {"cpu", "opencl", "opencl_tiled", "reference"}) {
        std::atomic<std::int64_t> done{0};
        AttendHooks hooks;
        hooks.head_pairs_done = &done;
        const AttentionError error = error_of(reference, attend(backend_of(name, 2), c, inputs, hooks));
        RC_ASSERT(error.output_relative_l2 <= 1e-6);
        RC_ASSERT(error.lse_absolute <= 1e-5);
        RC_ASSERT(done == c.masks().head_pairs({0, c.shape.query_heads}));
    }
}

RC_GTEST_PROP(MasksOfHeads, ForwardEqualsTheReference, ()) {
    expect_forward_exact(drawn_case(0, 420));
}

RC_GTEST_PROP(MasksOfHeads, FewRowsEqualTheReference, ()) {
    expect_forward_exact(drawn_case(6, 700));
}

RC_GTEST_PROP(MasksOfHeads, BackwardEqualsTheReference, ()) {
    const AttentionCase c = drawn_case(0, 300);
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    for (const std::string_view name : {"cpu", "opencl", "opencl_tiled", "reference"}) {
        std::atomic<std::int64_t> done{0};
        BackwardCall call;
        call.hooks.head_pairs_done = &done;
        const Gradients got = run_backward(backend_of(name, 2), c, inputs, reference, call);
        RC_ASSERT(error_of_gradients(reference, got).worst() <= gradient_bound(DType::float32, c.domain.key_tokens));
        if (name != "reference") {
            RC_ASSERT(done == c.masks().head_pairs({0, c.shape.query_heads}));
        }
    }
}

// Kinds that come back after others.
TEST(MasksOfHeads, AreBitEqualForAnyNumberOfThreads) {
    AttentionCase c;
    c.shape = {1, 6, 3, 16, 16, DType::float32};
    c.domain = {2000, 2000, {}};
    c.mask_json = mask_of({2, 3, 1, 1, 2, 3});
    const AttentionInputs inputs(c);
    const Partial one = attend(*make_cpu_kernel(1), c, inputs);
    for (const int threads : {2, 3}) {
        const Partial other = attend(*make_cpu_kernel(threads), c, inputs);
        EXPECT_TRUE(std::equal(one.output().data, one.output().data + one.output().size(), other.output().data));
        EXPECT_TRUE(std::equal(one.lse(0), one.lse(0) + 6 * 2000, other.lse(0)));
    }
}

}  // namespace
}  // namespace longscope
