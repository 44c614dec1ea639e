// SPDX-License-Identifier: GPL-3.0-or-later
// Every mask is exact in either order of the loops, whichever would be faster: against the float64 reference, and bit
// by bit over threads.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "engine/kernel/cpu/cpu_kernel.h"
#include "tests/support/attention_case.h"
#include "tests/support/mask_generators.h"
#include "tests/support/scoring_cases.h"
#include "tests/support/typed_tensor.h"

namespace longscope {
namespace {

using cpu::LoopOrder;

Partial attend(const Kernel& kernel, const AttentionCase& c, const AttentionInputs& inputs,
               const AttendHooks& hooks = {}) {
    const HeadMasks masks = c.masks();
    const TokenSet queries({{0, c.domain.query_tokens}});
    const TokenSet keys({{0, c.domain.key_tokens}});
    const LocalMask local(masks, queries, keys);
    const TypedTensor q(inputs.q(), c.shape.dtype);
    const TypedTensor k(inputs.k(), c.shape.dtype);
    const TypedTensor v(inputs.v(), c.shape.dtype);
    Partial out(c.shape.query_heads, c.domain.query_tokens, c.shape.head_dim_v, inputs.scoring().merge_rule());
    kernel.attend({q.view(), k.view(), v.view(), &local, c.scale(), inputs.scoring()}, out, hooks);
    return out;
}

std::vector<float> values_of(const Partial& partial) {
    std::vector<float> values(partial.output().data, partial.output().data + partial.output().size());
    values.insert(values.end(), partial.lse(0), partial.lse(0) + partial.heads() * partial.rows());
    return values;
}

// Every token chooses its own blocks of keys, the same in each head or others in each.
std::string selection(std::int64_t queries_alike, std::int64_t block, double kept, std::int64_t seed) {
    return R"({"random_block_sparse": {"q_block": )" + std::to_string(queries_alike) + R"(, "k_block": )" +
           std::to_string(block) + R"(, "kept": )" + std::to_string(kept) + R"(, "seed": )" + std::to_string(seed) +
           "}}";
}

std::string both(const std::string& one, const std::string& other) {
    return R"({"and": [)" + one + ", " + other + "]}";
}

const std::string causal = R"({"causal": {}})";

// Masks of all forms, zones, blocks and bits, of some heads; ragged edges and rows without keys among them.
std::string drawn_mask(const MaskDomain& domain) {
    const std::int64_t seed = *integer_from(0, 999);
    const double kept = static_cast<double>(*integer_from(0, 10)) / 10.0;
    const std::int64_t block = *rc::gen::element<std::int64_t>(1, 16, 32, 64, 100, 128);
    const std::int64_t alike = *rc::gen::element<std::int64_t>(1, 1, 1, 3, 16, 128);
    switch (*integer_from(0, 4)) {
        case 0:
            return selection(alike, block, kept, seed);
        case 1:
            return both(causal, selection(alike, block, kept, seed));
        case 2:
            return both(causal, R"({"or": [{"sink": {"tokens": )" +
                                    std::to_string(std::min<std::int64_t>(64, domain.key_tokens)) +
                                    R"(}}, {"window": {"left": 70, "right": 0}}, )" +
                                    selection(alike, block, kept, seed) + "]}");
        case 3:
            return selection(1, 1, kept, seed);  // pairs
        default:
            return (*mask_expression(domain, 1)).dump();
    }
}

AttentionCase drawn_case() {
    AttentionCase c;
    const std::int64_t groups = *integer_from(1, 3);
    const std::int64_t heads_of_group = *rc::gen::element<std::int64_t>(1, 2, 4, 16);
    c.shape = {1, groups * heads_of_group, groups, *integer_from(1, 40), *integer_from(1, 40), DType::float32};
    const std::int64_t keys = *integer_from(72, 700);
    c.domain = {std::max<std::int64_t>(*integer_from(1, 400), 129 / heads_of_group + 1), keys, {}};
    if (*integer_from(0, 2) == 0) {
        // Two kinds of masks, also among heads of one group.
        const std::int64_t end = *integer_from(1, c.shape.query_heads);
        c.mask_json = R"({"per_heads": {"assignments": [{"heads": [0, )" + std::to_string(end) + R"(], "mask": )" +
                      drawn_mask(c.domain) + R"(}], "otherwise": )" + drawn_mask(c.domain) + "}}";
    } else {
        c.mask_json = drawn_mask(c.domain);
    }
    c.seed = static_cast<std::uint64_t>(*integer_from(1, 999));
    return c;
}

void expect_exact(const AttentionCase& c, double bound) {
    const AttentionInputs inputs(c);
    const ReferenceResult reference = reference_attention(c, inputs);
    for (const LoopOrder order : {LoopOrder::query_major, LoopOrder::key_major}) {
        std::atomic<std::int64_t> done{0};
        AttendHooks hooks;
        hooks.head_pairs_done = &done;
        const AttentionError error = error_of(reference, attend(*cpu::make_kernel_in(order, 2), c, inputs, hooks));
        RC_LOG() << c.text() << ", " << to_string(order) << "\n";
        RC_ASSERT(error.output_relative_l2 <= bound);
        RC_ASSERT(error.lse_absolute <= 1e-5);
        RC_ASSERT(done == c.masks().head_pairs({0, c.shape.query_heads}));
    }
}

RC_GTEST_PROP(LoopOrder, EitherEqualsTheReference, ()) {
    expect_exact(drawn_case(), 1e-6);
}

RC_GTEST_PROP(LoopOrder, EitherEqualsTheReferenceInBfloat16, ()) {
    AttentionCase c = drawn_case();
    c.shape.dtype = DType::bfloat16;
    expect_exact(c, 8e-3);
}

AttentionCase selecting_case(std::int64_t tokens, AttentionShape shape, const std::string& mask) {
    AttentionCase c;
    c.shape = shape;
    c.domain = {tokens, tokens, {}};
    c.mask_json = mask;
    return c;
}

TEST(LoopOrder, KeyMajorIsBitEqualForAnyNumberOfThreads) {
    // Several slabs a head, heads that agree and that do not.
    const std::string per_head = R"({"per_heads": {"assignments": [{"heads": [0, 1], "mask": )" +
                                 selection(1, 64, 0.2, 5) + R"(}], "otherwise": )" +
                                 both(causal, selection(1, 64, 0.3, 6)) + "}}";
    for (const std::string& mask : {both(causal, selection(1, 64, 0.25, 7)), per_head}) {
        const AttentionCase c = selecting_case(1500, {1, 8, 2, 32, 32, DType::float32}, mask);
        const AttentionInputs inputs(c);
        const std::vector<float> one = values_of(attend(*cpu::make_kernel_in(LoopOrder::key_major, 1), c, inputs));
        for (const int threads : {2, 3, 5}) {
            EXPECT_TRUE(one == values_of(attend(*cpu::make_kernel_in(LoopOrder::key_major, threads), c, inputs)));
        }
    }
}

TEST(LoopOrder, KeyMajorTakesMoreKeysThanArePackedAtOnce) {
    // 96 MiB hold about 49,000 keys of two times 256 elements.
    AttentionCase c;
    c.shape = {1, 1, 1, 256, 256, DType::float32};
    c.domain = {140, 60'000, {}};
    c.mask_json = selection(1, 64, 0.1, 3);
    const AttentionInputs inputs(c);
    const Partial query_major = attend(*cpu::make_kernel_in(LoopOrder::query_major, 2), c, inputs);
    const Partial key_major = attend(*cpu::make_kernel_in(LoopOrder::key_major, 2), c, inputs);
    for (std::int64_t row = 0; row < 140; ++row) {
        for (std::int64_t d = 0; d < 256; ++d) {
            ASSERT_NEAR(query_major.output().row(0, row)[d], key_major.output().row(0, row)[d], 1e-6) << row;
        }
        ASSERT_NEAR(query_major.lse(0)[row], key_major.lse(0)[row], 1e-5);
    }
}

// Rows of so many runs that a few thousand are planned at once: as those of calls with fewer rows.
TEST(LoopOrder, RowsOfManyRunsArePlannedInParts) {
    AttentionCase c;
    c.shape = {1, 1, 1, 8, 8, DType::float32};
    c.domain = {8192, 4096, {}};
    c.mask_json = selection(1, 1, 0.5, 3);
    const AttentionInputs inputs(c);
    const std::unique_ptr<Mask> mask = c.mask();
    const TokenSet keys({{0, 4096}});
    for (const LoopOrder order : {LoopOrder::query_major, LoopOrder::key_major}) {
        const Partial whole = attend(*cpu::make_kernel_in(order, 2), c, inputs);
        for (std::int64_t begin = 0; begin < 8192; begin += 2048) {
            const TokenSet queries({{begin, begin + 2048}});
            const LocalMask local(*mask, queries, keys);
            Partial part(1, 2048, 8);
            const HeadMatrix<const float> rows{inputs.q().row(0, begin), 1, 2048, 8};
            cpu::make_kernel_in(order, 2)->attend({rows, inputs.k(), inputs.v(), &local, c.scale()}, part, {});
            EXPECT_TRUE(std::equal(part.output().data, part.output().data + part.output().size(),
                                   whole.output().row(0, begin)));
        }
    }
}

TEST(LoopOrder, EveryVariantIsExactInKeyMajorOrder) {
    for (const DType dtype : {DType::float32, DType::bfloat16}) {
        AttentionCase c = selecting_case(300, {1, 4, 1, 40, 24, dtype}, both(causal, selection(1, 64, 0.5, 3)));
        const AttentionInputs inputs(c);
        const ReferenceResult reference = reference_attention(c, inputs);
        for (const cpu::TileVariant& variant : cpu::tile_variants()) {
            if (!variant.refusal(dtype).empty()) {
                continue;
            }
            SCOPED_TRACE(variant.name);
            const AttentionError error =
                error_of(reference, attend(*cpu::make_kernel_of(variant, 2, LoopOrder::key_major), c, inputs));
            EXPECT_LE(error.output_relative_l2, dtype == DType::float32 ? 1e-6 : 8e-3);
            EXPECT_LE(error.lse_absolute, 1e-5);
        }
    }
}

TEST(LoopOrder, ScoringIsExactInKeyMajorOrder) {
    for (const ScoringCase& asked : scoring_options(4, 300)) {
        AttentionCase c = selecting_case(300, {1, 4, 2, 24, 16, DType::float32}, selection(1, 64, 0.4, 3));
        c.scoring = asked;
        c.scoring.sinks = false;  // enter when all is merged
        SCOPED_TRACE(c.text());
        const AttentionInputs inputs(c);
        const AttentionError error =
            error_of(reference_attention(c, inputs), attend(*cpu::make_kernel_in(LoopOrder::key_major, 2), c, inputs));
        EXPECT_LE(error.output_relative_l2, 1e-6);
        EXPECT_LE(error.lse_absolute, 1e-5);
    }
}

TEST(LoopOrder, AQueryThatIsNotANumberReachesItsRowAloneInKeyMajorOrder) {
    const AttentionCase c =
        selecting_case(300, {1, 2, 1, 24, 16, DType::float32}, both(causal, selection(1, 64, 0.6, 3)));
    AttentionInputs inputs(c);
    const Partial clean = attend(*cpu::make_kernel_in(LoopOrder::key_major, 2), c, inputs);
    constexpr std::int64_t bad = 250;
    inputs.queries[bad * 24 + 5] = std::numeric_limits<float>::quiet_NaN();
    const Partial poisoned = attend(*cpu::make_kernel_in(LoopOrder::key_major, 2), c, inputs);
    for (std::int64_t row = 0; row < 300; ++row) {
        if (row == bad) {
            EXPECT_TRUE(std::isnan(poisoned.output().row(0, row)[0]));
        } else {
            EXPECT_FLOAT_EQ(clean.output().row(0, row)[0], poisoned.output().row(0, row)[0]) << row;
        }
        EXPECT_FLOAT_EQ(clean.output().row(1, row)[0], poisoned.output().row(1, row)[0]) << row;
    }
}

TEST(LoopOrder, AHiddenValueThatIsNotANumberDoesNotLeakInKeyMajorOrder) {
    const AttentionCase c =
        selecting_case(300, {1, 2, 1, 24, 16, DType::float32}, both(causal, selection(1, 64, 0.6, 3)));
    const std::unique_ptr<Mask> mask = c.mask();
    AttentionInputs inputs(c);
    const Partial clean = attend(*cpu::make_kernel_in(LoopOrder::key_major, 2), c, inputs);
    constexpr std::int64_t bad = 150;
    inputs.values[bad * 16 + 5] = std::numeric_limits<float>::infinity();
    const Partial poisoned = attend(*cpu::make_kernel_in(LoopOrder::key_major, 2), c, inputs);
    int seen = 0;
    for (std::int64_t row = 0; row < 300; ++row) {
        if (mask->contains(row, bad)) {
            ++seen;
            EXPECT_FALSE(std::isfinite(poisoned.output().row(1, row)[5])) << row;
        } else {
            EXPECT_NEAR(clean.output().row(1, row)[5], poisoned.output().row(1, row)[5], 1e-6) << row;
        }
        EXPECT_NEAR(clean.output().row(1, row)[6], poisoned.output().row(1, row)[6], 1e-6) << row;
    }
    EXPECT_GT(seen, 20);
    EXPECT_LT(seen, 130);
}

TEST(LoopOrder, KeyMajorStopsWhenCancelledAndPollsOnTheCallingThreadOnly) {
    const AttentionCase c = selecting_case(1500, {1, 4, 1, 32, 32, DType::float32}, selection(1, 64, 0.2, 3));
    const AttentionInputs inputs(c);
    const auto caller = std::this_thread::get_id();
    std::atomic<int> polls{0};
    std::atomic<int> foreign{0};
    AttendHooks hooks;
    hooks.poll = [&] { ++(std::this_thread::get_id() == caller ? polls : foreign); };
    static_cast<void>(attend(*cpu::make_kernel_in(LoopOrder::key_major, 2), c, inputs, hooks));
    EXPECT_GT(polls, 0);
    EXPECT_EQ(foreign, 0);
    const std::atomic<bool> cancelled{true};
    hooks.cancelled = &cancelled;
    EXPECT_THROW(static_cast<void>(attend(*cpu::make_kernel_in(LoopOrder::key_major, 2), c, inputs, hooks)), Error);
}

TEST(LoopOrder, IsAskedForByItsName) {
    ASSERT_EQ(setenv(cpu::order_variable, "key-major", 1), 0);
    EXPECT_EQ(cpu::asked_loop_order(), LoopOrder::key_major);
    ASSERT_EQ(setenv(cpu::order_variable, "sideways", 1), 0);
    try {
        static_cast<void>(cpu::asked_loop_order());
        FAIL() << "accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::bad_input);
        EXPECT_NE(std::string(error.what()).find("query-major, key-major"), std::string::npos) << error.what();
    }
    ASSERT_EQ(unsetenv(cpu::order_variable), 0);
    EXPECT_EQ(cpu::asked_loop_order(), std::nullopt);
}

}  // namespace
}  // namespace longscope
