// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and values in pages give what they give in one piece: in decoding, in tiles, backward, and in the reference.
#include <gtest/gtest.h>

#include "engine/kernel/cpu/cpu_kernel.h"
#include "engine/kernel/cpu/decode_pass.h"
#include "tests/support/attention_case.h"
#include "tests/support/backends.h"
#include "tests/support/paged_tensor.h"
#include "tests/support/typed_tensor.h"

namespace longscope {
namespace {

constexpr const char* causal = R"({"causal": {}})";
constexpr const char* window = R"({"window": {"left": 100, "right": 0}})";
constexpr const char* sinks_and_window =
    R"({"and": [{"causal": {}}, {"or": [{"sink": {"tokens": 5}}, {"window": {"left": 60, "right": 0}}]}]})";

AttentionCase make_case(std::int64_t queries, std::int64_t keys, AttentionShape shape, const char* mask) {
    AttentionCase c;
    c.shape = shape;
    c.domain = {queries, keys, {}};
    c.mask_json = mask;
    return c;
}

// One case with its keys and values in pages.
struct Paged {
    Paged(const AttentionCase& asked, std::int64_t page_tokens, bool heads_first)
        : c(asked),
          inputs(asked),
          queries(inputs.q(), asked.shape.dtype),
          keys(inputs.k(), asked.shape.dtype, page_tokens, heads_first, 7),
          values(inputs.v(), asked.shape.dtype, page_tokens, heads_first, 7),
          masks(asked.masks()),
          rows({{0, asked.domain.query_tokens}}),
          columns({{0, asked.domain.key_tokens}}),
          mask(masks, rows, columns) {}

    [[nodiscard]] AttendInput input() const {
        return {queries.view(), keys.view(), values.view(), &mask, c.scale(), inputs.scoring()};
    }
    [[nodiscard]] Partial attend(const Kernel& kernel) const {
        Partial out(c.shape.query_heads, c.domain.query_tokens, c.shape.head_dim_v);
        kernel.attend(input(), out, {});
        return out;
    }

    AttentionCase c;
    AttentionInputs inputs;
    TypedTensor queries;
    PagedTensor keys;
    PagedTensor values;
    HeadMasks masks;
    TokenSet rows;
    TokenSet columns;
    LocalMask mask;
};

TEST(Paged, EqualsTheReferenceInEveryPageSizeMaskAndNumberOfQueries) {
    for (const std::int64_t page_tokens : {1, 16, 17, 256}) {
        for (const char* mask : {causal, window, sinks_and_window}) {
            // Eight heads a key/value head: 64 queries are computed in tiles, fewer are decoded.
            for (const std::int64_t queries : {1, 5, 64}) {
                const AttentionCase c = make_case(queries, 601, {1, 16, 2, 40, 24, DType::float32}, mask);
                SCOPED_TRACE(c.text() + " pages of " + std::to_string(page_tokens));
                const Paged paged(c, page_tokens, page_tokens % 2 == 0);
                const ReferenceResult expected = reference_attention(c, paged.inputs);
                for (const char* backend : {"cpu", "opencl", "opencl_tiled"}) {
                    const AttentionError error = error_of(expected, paged.attend(backend_of(backend, 2)));
                    EXPECT_LE(error.output_relative_l2, 1e-6) << backend;
                    EXPECT_LE(error.lse_absolute, 1e-5) << backend;
                }
                const AttentionError plain = error_of(expected, paged.attend(*make_kernel("reference", 2)));
                EXPECT_LE(plain.output_relative_l2, 1e-7);
            }
        }
    }
}

TEST(Paged, EqualsTheReferenceInEverySchedule) {
    const AttentionCase c = make_case(3, 1000, {1, 6, 2, 64, 64, DType::float32}, causal);
    for (const std::int64_t page_tokens : {1, 16, 17, 256}) {
        const Paged paged(c, page_tokens, false);
        const ReferenceResult expected = reference_attention(c, paged.inputs);
        for (const cpu::DecodePlan plan :
             {cpu::DecodePlan{cpu::DecodeSplit::unsplit, 1}, cpu::DecodePlan{cpu::DecodeSplit::fixed, 3},
              cpu::DecodePlan{cpu::DecodeSplit::stream, 5}}) {
            Partial out(6, 3, 64);
            cpu::SpareBuffers spare(4);
            cpu::attend_decode(paged.input(), out, {}, plan, cpu::choose_tile_variant(DType::float32).functions, 2,
                               spare);
            const AttentionError error = error_of(expected, out);
            EXPECT_LE(error.output_relative_l2, 1e-6);
            EXPECT_LE(error.lse_absolute, 1e-5);
        }
    }
}

TEST(Paged, IsBitEqualToOnePieceOnEveryVariantInEveryType) {
    for (const DType dtype : {DType::float32, DType::bfloat16, DType::float16}) {
        for (const std::int64_t queries : {2, 70}) {
            const AttentionCase c = make_case(queries, 333, {1, 8, 2, 96, 64, dtype}, causal);
            for (const std::int64_t page_tokens : {16, 17}) {
                const Paged paged(c, page_tokens, true);
                const TypedTensor keys(paged.inputs.k(), dtype);
                const TypedTensor values(paged.inputs.v(), dtype);
                for (const cpu::TileVariant& variant : cpu::tile_variants()) {
                    if (!variant.refusal(dtype).empty()) {
                        continue;
                    }
                    SCOPED_TRACE(c.text() + " " + variant.name);
                    const std::unique_ptr<Kernel> kernel = cpu::make_kernel_of(variant, 2);
                    const Partial out = paged.attend(*kernel);
                    Partial whole(8, queries, 64);
                    kernel->attend({paged.queries.view(), keys.view(), values.view(), &paged.mask, c.scale()}, whole,
                                   {});
                    const Partial& in_one_piece = whole;
                    EXPECT_TRUE(std::equal(out.output().data, out.output().data + out.output().size(),
                                           in_one_piece.output().data));
                    EXPECT_TRUE(std::equal(out.lse(0), out.lse(0) + 8 * queries, in_one_piece.lse(0)));
                }
            }
        }
    }
}

TEST(Paged, ComputesScoresThatAreNotPlain) {
    AttentionCase c = make_case(2, 300, {1, 8, 2, 32, 32, DType::float32}, causal);
    c.scoring.soft_cap = 20.0;
    c.scoring.alibi = true;
    c.scoring.bias_heads = 8;
    const Paged paged(c, 17, false);
    const ReferenceResult expected = reference_attention(c, paged.inputs);
    for (const char* backend : {"cpu", "opencl", "opencl_tiled"}) {
        const AttentionError error = error_of(expected, paged.attend(backend_of(backend, 2)));
        EXPECT_LE(error.output_relative_l2, 1e-6) << backend;
        EXPECT_LE(error.lse_absolute, 1e-5) << backend;
    }
}

TEST(Paged, HasTheGradientsOfOnePiece) {
    const AttentionCase c = make_case(150, 150, {1, 4, 2, 32, 16, DType::float32}, causal);
    const Paged paged(c, 17, false);
    const std::unique_ptr<Kernel> kernel = make_kernel("cpu", 2);
    const Partial forward = paged.attend(*kernel);
    const std::vector<float> output_gradients = normal_tensor(5, 3, 4 * 150 * 16);
    const HeadMatrix<const float> of_output{output_gradients.data(), 4, 150, 16};
    std::vector<float> delta(4 * 150);
    compute_delta(of_output, forward.output(), delta.data());
    const auto gradients = [&](const HeadView& keys, const HeadView& values) {
        std::vector<float> all(150 * (4 * 32 + 2 * 32 + 2 * 16), 0.0F);
        AttendInput input = paged.input();
        input.keys = keys;
        input.values = values;
        float* of_keys = all.data() + 150 * 4 * 32;
        kernel->attend_backward({input, of_output, forward.lse(0), delta.data()},
                                {{all.data(), 4, 150, 32}, {of_keys, 2, 150, 32}, {of_keys + 150 * 2 * 32, 2, 150, 16}},
                                {});
        return all;
    };
    const std::vector<float> of_pages = gradients(paged.keys.view(), paged.values.view());
    EXPECT_EQ(of_pages, gradients(paged.inputs.k(), paged.inputs.v()));
    EXPECT_NE(of_pages, std::vector<float>(of_pages.size(), 0.0F));
}

}  // namespace
}  // namespace longscope
