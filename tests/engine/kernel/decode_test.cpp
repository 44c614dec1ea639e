// SPDX-License-Identifier: GPL-3.0-or-later
// Few query rows over many keys: pieces cover every tile once, and any way of cutting gives the same attention.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <limits>

#include "engine/kernel/cpu/cpu_kernel.h"
#include "engine/kernel/cpu/decode_pass.h"
#include "tests/support/attention_case.h"
#include "tests/support/scoring_cases.h"
#include "tests/support/typed_tensor.h"

namespace longscope::cpu {
namespace {

TEST(DecodePieces, OfEverySplitCoverEachTileOfEachHeadOnce) {
    using Tiles = std::vector<std::int64_t>;
    for (const Tiles& tiles : {Tiles{0}, Tiles{1}, Tiles{64}, Tiles{0, 0, 0}, Tiles{5, 5, 5}, Tiles{64, 64, 64},
                               Tiles{1, 0, 64, 7, 0}, Tiles{0, 3, 100}}) {
        for (const DecodeSplit split : {DecodeSplit::unsplit, DecodeSplit::fixed, DecodeSplit::stream}) {
            for (const std::int64_t parts : {1, 2, 3, 7, 100}) {
                Tiles covered(tiles.size(), 0);
                std::int64_t head = 0;
                std::int64_t part = 0;
                for (const DecodePiece& piece : decode_pieces(split, parts, tiles)) {
                    EXPECT_GE(piece.kv_head, head);
                    EXPECT_GE(piece.part, part);
                    head = piece.kv_head;
                    part = piece.part;
                    std::int64_t& at = covered[static_cast<std::size_t>(head)];
                    EXPECT_EQ(piece.tiles.begin, at);
                    EXPECT_FALSE(piece.tiles.empty());
                    at = piece.tiles.end;
                }
                EXPECT_EQ(covered, tiles);
            }
        }
    }
}

TEST(DecodePieces, OfAStreamAreOfOneLengthWhereHeadsDoNotDivideAmongWorkers) {
    // Three heads on two workers: one of them would compute two heads, the other one.
    EXPECT_NEAR(decode_imbalance(decode_pieces(DecodeSplit::unsplit, 1, {64, 64, 64}), 2), 4.0 / 3.0, 1e-12);
    EXPECT_DOUBLE_EQ(decode_imbalance(decode_pieces(DecodeSplit::stream, 2, {64, 64, 64}), 2), 1.0);
    EXPECT_EQ(decode_pieces(DecodeSplit::stream, 2, {64, 64, 64}),
              (std::vector<DecodePiece>{{0, 0, {0, 64}}, {0, 1, {0, 32}}, {1, 1, {32, 64}}, {1, 2, {0, 64}}}));
}

class Decode : public ::testing::Test {
  protected:
    static AttentionCase make_case(std::int64_t queries, std::int64_t keys, AttentionShape shape,
                                   const char* mask = R"({"full": {}})") {
        AttentionCase c;
        c.shape = shape;
        c.domain = {queries, keys, {}};
        c.mask_json = mask;
        return c;
    }

    static Partial decode(const AttentionCase& c, const AttentionInputs& inputs, const DecodePlan& plan, int threads) {
        const std::unique_ptr<Mask> mask = c.mask();
        const TokenSet rows({{0, c.domain.query_tokens}});
        const TokenSet columns({{0, c.domain.key_tokens}});
        const LocalMask local(*mask, rows, columns);
        Partial out(c.shape.query_heads, c.domain.query_tokens, c.shape.head_dim_v);
        SpareBuffers spare(4);
        attend_decode({inputs.q(), inputs.k(), inputs.v(), &local, c.scale()}, out, {}, plan,
                      choose_tile_variant(DType::float32).functions, threads, spare);
        return out;
    }

    // Whatever the type: products are exact, sums float32. On the matrix unit weights are split in two of bfloat16; for
    // dot products they are rounded to one, by 2^-9 at most.
    static double limit_of(const TileVariant& variant) {
        return variant.name == "bfloat16 AMX" ? 1e-5 : variant.name == "bfloat16 AVX3" ? 0x1p-9 : 1e-6;
    }

    // By the ordinary way, of inputs in the type of the case.
    static Partial attend(const Kernel& kernel, const AttentionCase& c, const AttentionInputs& inputs) {
        const TypedTensor q(inputs.q(), c.shape.dtype);
        const TypedTensor k(inputs.k(), c.shape.dtype);
        const TypedTensor v(inputs.v(), c.shape.dtype);
        const HeadMasks masks = c.masks();
        const TokenSet rows({{0, c.domain.query_tokens}});
        const TokenSet columns({{0, c.domain.key_tokens}});
        const LocalMask local(masks, rows, columns);
        Partial out(c.shape.query_heads, c.domain.query_tokens, c.shape.head_dim_v, inputs.scoring().merge_rule());
        kernel.attend({q.view(), k.view(), v.view(), &local, c.scale(), inputs.scoring()}, out, {});
        if (!inputs.sinks.empty()) {
            apply_sinks(out, inputs.sinks.data());
        }
        return out;
    }

    static std::vector<float> numbers(const Partial& partial) {
        std::vector<float> all(partial.output().data, partial.output().data + partial.output().size());
        all.insert(all.end(), partial.lse(0), partial.lse(0) + partial.heads() * partial.rows());
        return all;
    }
};

TEST_F(Decode, EqualsTheReferenceForEverySplit) {
    for (const DecodePlan plan : {DecodePlan{DecodeSplit::unsplit, 1}, DecodePlan{DecodeSplit::fixed, 3},
                                  DecodePlan{DecodeSplit::stream, 5}, DecodePlan{DecodeSplit::stream, 50}}) {
        for (const AttentionCase& c :
             {make_case(1, 1, {1, 1, 1, 64, 64, DType::float32}),
              make_case(1, 1000, {1, 8, 1, 128, 128, DType::float32}),
              make_case(3, 257, {1, 6, 2, 33, 70, DType::float32}, R"({"causal": {}})"),
              make_case(2, 400, {1, 5, 1, 192, 128, DType::float32}, R"({"window": {"left": 100, "right": 0}})"),
              make_case(4, 300, {1, 4, 2, 16, 7, DType::float32}, R"({"not": {"full": {}}})")}) {
            SCOPED_TRACE(c.text());
            const AttentionInputs inputs(c);
            const AttentionError error = error_of(reference_attention(c, inputs), decode(c, inputs, plan, 2));
            EXPECT_LE(error.output_relative_l2, 1e-6);
            EXPECT_LE(error.lse_absolute, 1e-5);
        }
    }
}

TEST_F(Decode, EqualsTheReferenceInShorterTypesOnEveryVariant) {
    for (const DType dtype : {DType::bfloat16, DType::float16}) {
        const AttentionCase c = make_case(2, 700, {1, 8, 2, 40, 72, dtype}, R"({"causal": {}})");
        const AttentionInputs inputs(c);
        const std::unique_ptr<Mask> mask = c.mask();
        const TokenSet rows({{0, 2}});
        const TokenSet columns({{0, 700}});
        const LocalMask local(*mask, rows, columns);
        const TypedTensor q(inputs.q(), dtype);
        const TypedTensor k(inputs.k(), dtype);
        const TypedTensor v(inputs.v(), dtype);
        for (const TileVariant& variant : tile_variants()) {
            if (!variant.refusal(dtype).empty()) {
                continue;
            }
            SCOPED_TRACE(variant.name);
            Partial out(8, 2, 72);
            make_kernel_of(variant, 2)->attend({q.view(), k.view(), v.view(), &local, c.scale()}, out, {});
            const AttentionError error = error_of(reference_attention(c, inputs), out);
            EXPECT_LE(error.output_relative_l2, limit_of(variant)) << "it is read in its type";
            EXPECT_LE(error.lse_absolute, 1e-5);
        }
    }
}

TEST_F(Decode, EqualsTheReferenceWithScoresThatAreNotPlain) {
    for (const char* mask : {R"({"causal": {}})", R"({"window": {"left": 40, "right": 0}})"}) {
        for (const ScoringCase& scoring : scoring_options(6, 150)) {
            for (const DType dtype : {DType::float32, DType::bfloat16}) {
                const AttentionCase c = scored_case(3, 150, mask, {1, 6, 2, 40, 24, dtype}, scoring);
                const AttentionInputs inputs(c);
                const ReferenceResult expected = reference_attention(c, inputs);
                for (const TileVariant& variant : tile_variants()) {
                    if (!variant.refusal(dtype).empty()) {
                        continue;
                    }
                    SCOPED_TRACE(c.text() + " " + variant.name);
                    const AttentionError error = error_of(expected, attend(*make_kernel_of(variant, 2), c, inputs));
                    EXPECT_LE(error.output_relative_l2, limit_of(variant));
                    EXPECT_LE(error.lse_absolute, 1e-5);
                }
            }
        }
    }
}

TEST_F(Decode, EqualsTheReferenceInTheShapesOfLatentAttention) {
    for (const DType dtype : {DType::float32, DType::bfloat16, DType::float16}) {
        for (const AttentionShape& shape :
             {AttentionShape{1, 16, 1, 576, 512, dtype}, AttentionShape{1, 128, 1, 576, 512, dtype},
              AttentionShape{1, 8, 8, 192, 128, dtype}}) {
            for (const std::int64_t queries : {1, 2}) {
                const AttentionCase c = make_case(queries, 200, shape, R"({"causal": {}})");
                const AttentionInputs inputs(c);
                const ReferenceResult expected = reference_attention(c, inputs);
                for (const TileVariant& variant : tile_variants()) {
                    // One lane adds up 576 products one after the other.
                    if (!variant.refusal(dtype).empty() || variant.simd_target == HWY_SCALAR) {
                        continue;
                    }
                    SCOPED_TRACE(c.text() + " " + variant.name);
                    const AttentionError error = error_of(expected, attend(*make_kernel_of(variant, 2), c, inputs));
                    const bool in_tiles = queries * shape.heads_per_group() > max_decode_rows;
                    const bool rounds = variant.arithmetic == DType::bfloat16 && in_tiles;
                    EXPECT_LE(error.output_relative_l2, rounds ? 8e-3 : limit_of(variant));
                    EXPECT_LE(error.lse_absolute, 1e-5);
                }
            }
        }
    }
}

TEST_F(Decode, ReadsValuesThatAreTheFirstElementsOfTheKeys) {
    for (const DType dtype : {DType::float32, DType::bfloat16, DType::float16}) {
        const AttentionCase c = make_case(1, 300, {1, 16, 1, 576, 512, dtype});
        AttentionInputs inputs(c);
        for (std::int64_t token = 0; token < 300; ++token) {
            std::copy_n(inputs.keys.begin() + token * 576, 512, inputs.values.begin() + token * 512);
        }
        const TypedTensor q(inputs.q(), dtype);
        const TypedTensor k(inputs.k(), dtype);
        HeadView v = k.view();
        v.dim = 512;
        const std::unique_ptr<Mask> mask = c.mask();
        const TokenSet rows({{0, 1}});
        const TokenSet columns({{0, 300}});
        const LocalMask local(*mask, rows, columns);
        Partial out(16, 1, 512);
        make_cpu_kernel(2)->attend({q.view(), k.view(), v, &local, c.scale()}, out, {});
        EXPECT_LE(error_of(reference_attention(c, inputs), out).output_relative_l2,
                  limit_of(choose_tile_variant(dtype)))
            << to_string(dtype);
    }
}

TEST_F(Decode, TakesKeysAndValuesOfDifferentTypes) {
    AttentionCase c = make_case(1, 200, {1, 4, 2, 32, 32, DType::bfloat16});
    const AttentionInputs inputs(c);
    const TypedTensor k(inputs.k(), DType::bfloat16);
    const std::unique_ptr<Mask> mask = c.mask();
    const TokenSet rows({{0, 1}});
    const TokenSet columns({{0, 200}});
    const LocalMask local(*mask, rows, columns);
    Partial out(4, 1, 32);
    make_kernel_of(choose_tile_variant(DType::float32), 2)
        ->attend({inputs.q(), k.view(), inputs.v(), &local, c.scale()}, out, {});
    EXPECT_LE(error_of(reference_attention(c, inputs), out).output_relative_l2, 1e-6);
}

TEST_F(Decode, IsBitEqualForAnyNumberOfThreads) {
    const AttentionCase c = make_case(2, 5000, {1, 8, 2, 64, 64, DType::float32});
    const AttentionInputs inputs(c);
    const std::vector<float> one = numbers(decode(c, inputs, {DecodeSplit::stream, 9}, 1));
    for (const int threads : {2, 3, 5}) {
        EXPECT_EQ(numbers(decode(c, inputs, {DecodeSplit::stream, 9}, threads)), one);
    }
}

TEST_F(Decode, WhatNoRowSeesDoesNotReachAResult) {
    const AttentionCase c = make_case(2, 300, {1, 4, 2, 32, 32, DType::float32}, R"({"causal": {}})");
    AttentionInputs inputs(c);
    const Partial clean = decode(c, inputs, {DecodeSplit::fixed, 2}, 2);
    // The last key is hidden from the first query, and seen by the second.
    const auto poison = [&](std::vector<float>& tensor, float value) {
        tensor[static_cast<std::size_t>(299 * 32 + 5)] = value;
    };
    poison(inputs.keys, std::numeric_limits<float>::quiet_NaN());
    poison(inputs.values, std::numeric_limits<float>::infinity());
    const Partial out = decode(c, inputs, {DecodeSplit::fixed, 2}, 2);
    for (std::int64_t head = 0; head < 4; ++head) {
        for (std::int64_t d = 0; d < 32; ++d) {
            const float expected = clean.output().row(head, 0)[d];
            EXPECT_NEAR(out.output().row(head, 0)[d], expected, 1e-5F * (1.0F + std::abs(expected)));
        }
        EXPECT_EQ(std::isnan(out.lse(head)[1]), head < 2) << "heads 0 and 1 read the poisoned key";
    }
}

// Also where the sum alone tells: a weight of NaN is not above any other.
TEST_F(Decode, NotANumberInAKeyReachesTheRowsThatSeeIt) {
    for (const float poison : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        for (const DType dtype : {DType::float32, DType::bfloat16}) {
            const AttentionCase c = make_case(2, 300, {1, 4, 2, 32, 32, dtype}, R"({"causal": {}})");
            AttentionInputs inputs(c);
            inputs.keys[static_cast<std::size_t>(299 * 32 + 5)] = poison;
            const Partial out = attend(*make_cpu_kernel(2), c, inputs);
            const Partial expected = attend(*make_reference_kernel(2), c, inputs);
            for (std::int64_t head = 0; head < 4; ++head) {
                for (std::int64_t query = 0; query < 2; ++query) {
                    const float got = out.output().row(head, query)[3];
                    const float wanted = expected.output().row(head, query)[3];
                    EXPECT_EQ(std::isnan(got), std::isnan(wanted)) << head << " " << query;
                    if (!std::isnan(wanted)) {
                        EXPECT_NEAR(got, wanted, 1e-5 + limit_of(choose_tile_variant(dtype)));
                    }
                }
            }
        }
    }
}

}  // namespace
}  // namespace longscope::cpu
