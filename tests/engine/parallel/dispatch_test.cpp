// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/dispatch.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/mask/expression.h"
#include "engine/mask/heads.h"
#include "engine/mask/local_mask.h"

namespace longscope {
namespace {

PackedSequence random_sequence() {
    PackedSequence sequence{0, {0}};
    const auto lengths = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 40));
    for (const int length : lengths) {
        sequence.tokens += length;
        sequence.cu_seqlens.push_back(sequence.tokens);
    }
    if (sequence.tokens == 0) {
        return {1, {0, 1}};
    }
    return sequence;
}

HeadMasks masks_of(const char* mask, const PackedSequence& sequence) {
    return HeadMasks(compile_mask(parse_mask(parse_json(mask, "test"), "mask"),
                                  {sequence.tokens, sequence.tokens, sequence.cu_seqlens}));
}

constexpr const char* causal_documents = R"({"and": [{"causal": {}}, {"documents": {}}]})";

RC_GTEST_PROP(Dispatch, GivesEveryTokenToExactlyOneRank, ()) {
    const PackedSequence sequence = random_sequence();
    const HeadMasks masks = masks_of(causal_documents, sequence);
    const auto ranks = *rc::gen::inRange<std::int64_t>(1, 10);
    for (const DispatchEntry& entry : dispatches()) {
        std::vector<int> owners(static_cast<std::size_t>(sequence.tokens), 0);
        for (const TokenSet& set : dispatch_tokens(entry, {sequence, &masks, 1}, ranks)) {
            for (std::int64_t i = 0; i < set.size(); ++i) {
                ++owners.at(static_cast<std::size_t>(set.position(i)));
            }
        }
        RC_ASSERT(owners == std::vector<int>(owners.size(), 1));
    }
}

RC_GTEST_PROP(Dispatch, PerDocumentZigzagFollowsItsFormula, ()) {
    const PackedSequence sequence = random_sequence();
    const auto ranks = *rc::gen::inRange<std::int64_t>(1, 10);
    const std::vector<TokenSet> sets = dispatch_tokens(find_dispatch("per_document_zigzag"), {sequence}, ranks);
    for (std::size_t document = 0; document + 1 < sequence.cu_seqlens.size(); ++document) {
        const std::int64_t begin = sequence.cu_seqlens[document];
        const std::int64_t n = sequence.cu_seqlens[document + 1] - begin;
        for (std::int64_t i = 0; i < 2 * ranks; ++i) {
            const std::int64_t rank = i < ranks ? i : 2 * ranks - 1 - i;
            const Range chunk{begin + i * n / (2 * ranks), begin + (i + 1) * n / (2 * ranks)};
            const TokenSet& set = sets[static_cast<std::size_t>(rank)];
            RC_ASSERT(set.local(chunk).size() == chunk.size());
        }
    }
}

TEST(Dispatch, StripedRanksDifferByARowOfTheTriangle) {
    // Rank r of N with s tokens: s (r + 1) + N s (s - 1) / 2 causal pairs.
    const std::int64_t ranks = 4;
    const std::int64_t share = 25;
    const auto mask = compile_mask(parse_mask(parse_json(R"({"causal": {}})", "test"), "mask"), {100, 100, {}});
    const TokenSet all({{0, 100}});
    const std::vector<TokenSet> sets = dispatch_tokens(find_dispatch("striped"), {{100, {}}}, ranks);
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
        EXPECT_EQ(LocalMask(*mask, sets[static_cast<std::size_t>(rank)], all).pairs(),
                  share * (rank + 1) + ranks * share * (share - 1) / 2);
    }
}

// Areas per rank of 64 tokens over 4 ranks, published for the layouts of context parallelism.
TEST(Dispatch, AreasPerRankEqualTheKnownTable) {
    struct Row {
        const char* mask;
        std::vector<std::int64_t> cu_seqlens;
        std::vector<std::int64_t> contiguous;
        std::vector<std::int64_t> zigzag;
        std::vector<std::int64_t> striped;
    };
    const std::vector<std::int64_t> documents{0, 24, 32, 60, 64};
    const std::vector<Row> rows{
        {R"({"causal": {}})", {}, {136, 392, 648, 904}, {520, 520, 520, 520}, {496, 512, 528, 544}},
        {R"({"window": {"left": 7, "right": 0}})",
         {},
         {100, 128, 128, 128},
         {100, 128, 128, 128},
         {118, 120, 122, 124}},
        {R"({"or": [{"causal": {}}, {"prefix": {"tokens": 16}}]})",
         {},
         {256, 392, 648, 904},
         {612, 548, 520, 520},
         {532, 544, 556, 568}},
        {R"({"and": [{"causal": {}}, {"documents": {}}]})",
         documents,
         {136, 200, 136, 280},
         {152, 264, 264, 72},
         {164, 180, 196, 212}},
        {R"({"documents": {}})", documents, {384, 256, 448, 352}, {320, 416, 416, 288}, {360, 360, 360, 360}},
        {R"({"block_causal": {"block": 16}})", {}, {256, 512, 768, 1024}, {640, 640, 640, 640}, {640, 640, 640, 640}},
    };
    const TokenSet all({{0, 64}});
    for (const Row& row : rows) {
        const auto mask = compile_mask(parse_mask(parse_json(row.mask, "test"), "mask"), {64, 64, row.cu_seqlens});
        for (const auto& [name, expected] : {std::pair{"contiguous", row.contiguous}, std::pair{"zigzag", row.zigzag},
                                             std::pair{"striped", row.striped}}) {
            std::vector<std::int64_t> areas;
            for (const TokenSet& set : dispatch_tokens(find_dispatch(name), {{64, row.cu_seqlens}}, 4)) {
                areas.push_back(LocalMask(*mask, set, all).pairs());
            }
            EXPECT_EQ(areas, expected) << row.mask << " " << name;
        }
    }
}

std::int64_t largest_area(const std::vector<TokenSet>& sets, const HeadMasks& masks, std::int64_t heads) {
    const TokenSet all({{0, masks.key_tokens()}});
    std::int64_t largest = 0;
    for (const TokenSet& set : sets) {
        largest = std::max(largest, LocalMask(masks, set, all).head_pairs({0, heads}));
    }
    return largest;
}

// Where contiguous ranks differ by several times, balanced ones are within a few percent of the mean.
TEST(Dispatch, BalancedRanksHaveEvenAreas) {
    const PackedSequence sequence{20'000, {0, 300, 9'000, 9'001, 12'500, 12'900, 20'000}};
    for (const char* mask : {causal_documents, R"({"documents": {}})", R"({"causal": {}})",
                             R"({"or": [{"causal": {}}, {"prefix": {"tokens": 5000}}]})"}) {
        const HeadMasks masks = masks_of(mask, sequence);
        for (const std::int64_t ranks : {2, 4, 7}) {
            const auto area = [&](const char* dispatch) {
                return largest_area(dispatch_tokens(find_dispatch(dispatch), {sequence, &masks, 1}, ranks), masks, 1);
            };
            const double mean = static_cast<double>(masks.head_pairs({0, 1})) / static_cast<double>(ranks);
            EXPECT_LE(static_cast<double>(area("balanced")), 1.02 * mean) << mask << " over " << ranks;
            EXPECT_LE(static_cast<double>(area("balanced_free")), 1.02 * mean) << mask << " over " << ranks;
            EXPECT_GT(area("contiguous"), area("balanced")) << mask << " over " << ranks;
        }
    }
}

TEST(Dispatch, BalancedRanksHoldAsManyTokensToWithinTheChunks) {
    const PackedSequence sequence{20'011, {}};
    const HeadMasks masks = masks_of(R"({"causal": {}})", sequence);
    for (const TokenSet& set : dispatch_tokens(find_dispatch("balanced"), {sequence, &masks, 1}, 4)) {
        EXPECT_NEAR(static_cast<double>(set.size()), 20'011.0 / 4, 32.0);
    }
}

// Work is counted over all heads: those that see little weigh little.
TEST(Dispatch, BalancedAreasAreThoseOfAllHeads) {
    const MaskDomain domain{8'192, 8'192, {}};
    const HeadMasks masks = compile_head_masks(
        parse_mask(parse_json(R"({"per_heads": {"assignments": [{"heads": [0, 1], "mask": {"causal": {}}}],
                              "otherwise": {"window": {"left": 10, "right": 0}}}})",
                              "test"),
                   "mask"),
        domain, 8);
    const std::vector<TokenSet> sets = dispatch_tokens(find_dispatch("balanced"), {{8'192, {}}, &masks, 8}, 4);
    EXPECT_LE(static_cast<double>(largest_area(sets, masks, 8)),
              1.02 * static_cast<double>(masks.head_pairs({0, 8})) / 4.0);
}

// What implementations that cut evenly would add.
TEST(Dispatch, PaddingReachesTheMultipleThatEachDispatchNeeds) {
    const PackedSequence sequence{20, {0, 7, 20}};
    EXPECT_EQ(find_dispatch("contiguous").padding(sequence, 8), 4);  // to 24
    EXPECT_EQ(find_dispatch("striped").padding(sequence, 8), 4);
    EXPECT_EQ(find_dispatch("zigzag").padding(sequence, 8), 12);              // to 32
    EXPECT_EQ(find_dispatch("per_document_zigzag").padding(sequence, 4), 4);  // 7 to 8 and 13 to 16
    EXPECT_EQ(find_dispatch("per_document_zigzag").padding({16, {}}, 4), 0);
    EXPECT_EQ(find_dispatch("balanced").padding(sequence, 4), 12);  // four chunks a rank: to 32
}

TEST(Dispatch, AnUnknownNameIsRefusedWithTheNamesThatThereAre) {
    try {
        (void)find_dispatch("zigzig");
        FAIL();
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(),
                     "layout.dispatch: zigzig is not a dispatch; accepted: contiguous, zigzag, per_document_zigzag, "
                     "striped, balanced, balanced_free");
    }
}

}  // namespace
}  // namespace longscope
