// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/dispatch.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/mask/expression.h"
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

RC_GTEST_PROP(Dispatch, GivesEveryTokenToExactlyOneRank, ()) {
    const PackedSequence sequence = random_sequence();
    const auto ranks = *rc::gen::inRange<std::int64_t>(1, 10);
    for (const DispatchEntry& entry : dispatches()) {
        std::vector<int> owners(static_cast<std::size_t>(sequence.tokens), 0);
        for (const TokenSet& set : dispatch_tokens(entry, sequence, ranks)) {
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
    const std::vector<TokenSet> sets = dispatch_tokens(find_dispatch("per_document_zigzag"), sequence, ranks);
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
    const std::vector<TokenSet> sets = dispatch_tokens(find_dispatch("striped"), {100, {}}, ranks);
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
    };
    const std::vector<std::int64_t> documents{0, 24, 32, 60, 64};
    const std::vector<Row> rows{
        {R"({"causal": {}})", {}, {136, 392, 648, 904}, {520, 520, 520, 520}},
        {R"({"window": {"left": 7, "right": 0}})", {}, {100, 128, 128, 128}, {100, 128, 128, 128}},
        {R"({"or": [{"causal": {}}, {"prefix": {"tokens": 16}}]})", {}, {256, 392, 648, 904}, {612, 548, 520, 520}},
        {R"({"and": [{"causal": {}}, {"documents": {}}]})", documents, {136, 200, 136, 280}, {152, 264, 264, 72}},
        {R"({"documents": {}})", documents, {384, 256, 448, 352}, {320, 416, 416, 288}},
    };
    const TokenSet all({{0, 64}});
    for (const Row& row : rows) {
        const auto mask = compile_mask(parse_mask(parse_json(row.mask, "test"), "mask"), {64, 64, row.cu_seqlens});
        for (const auto& [name, expected] :
             {std::pair{"contiguous", row.contiguous}, std::pair{"zigzag", row.zigzag}}) {
            std::vector<std::int64_t> areas;
            for (const TokenSet& set : dispatch_tokens(find_dispatch(name), {64, row.cu_seqlens}, 4)) {
                areas.push_back(LocalMask(*mask, set, all).pairs());
            }
            EXPECT_EQ(areas, expected) << row.mask << " " << name;
        }
    }
}

TEST(Dispatch, AnUnknownNameIsRefusedWithTheNamesThatThereAre) {
    try {
        (void)find_dispatch("zigzig");
        FAIL();
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(),
                     "layout.dispatch: zigzig is not a dispatch; accepted: contiguous, zigzag, per_document_zigzag, "
                     "striped");
    }
}

}  // namespace
}  // namespace longscope
