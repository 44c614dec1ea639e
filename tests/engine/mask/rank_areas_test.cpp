// SPDX-License-Identifier: GPL-3.0-or-later
// How many pairs each of four ranks computes of 64 tokens when they are dealt out contiguously, in zigzag and in
// stripes: a table of small numbers that can be checked by hand.
#include <gtest/gtest.h>

#include <string>

#include "engine/mask/local_mask.h"
#include "tests/support/compiled_mask.h"

namespace longscope {
namespace {

constexpr std::int64_t tokens = 64;
constexpr std::int64_t ranks = 4;

using Areas = std::vector<std::int64_t>;

struct Row {
    std::string name;
    std::string expression;
    std::vector<std::int64_t> cu_seqlens;
    Areas contiguous;
    Areas zigzag;
    Areas striped;
};

const std::vector<std::int64_t> packed{0, 24, 32, 60, 64};

const Row rows[] = {
    {"causal", R"({"causal": {}})", {}, {136, 392, 648, 904}, {520, 520, 520, 520}, {496, 512, 528, 544}},
    {"window",
     R"({"window": {"left": 7, "right": 0}})",
     {},
     {100, 128, 128, 128},
     {100, 128, 128, 128},
     {118, 120, 122, 124}},
    {"prefix",
     R"({"or": [{"causal": {}}, {"prefix": {"tokens": 16}}]})",
     {},
     {256, 392, 648, 904},
     {612, 548, 520, 520},
     {532, 544, 556, 568}},
    {"causal_documents",
     R"({"and": [{"causal": {}}, {"documents": {}}]})",
     packed,
     {136, 200, 136, 280},
     {152, 264, 264, 72},
     {164, 180, 196, 212}},
    {"documents", R"({"documents": {}})", packed, {384, 256, 448, 352}, {320, 416, 416, 288}, {360, 360, 360, 360}},
    {"shared_question",
     R"({"or": [{"and": [{"causal": {}}, {"documents": {}}]}, {"sink": {"tokens": 24}}]})",
     packed,
     {136, 392, 520, 664},
     {344, 456, 456, 456},
     {404, 420, 436, 452}},
};

TokenSet contiguous(std::int64_t rank) {
    const std::int64_t share = tokens / ranks;
    return TokenSet({{rank * share, (rank + 1) * share}});
}

// Chunks r and 2N - 1 - r of 2N.
TokenSet zigzag(std::int64_t rank) {
    const std::int64_t chunk = tokens / (2 * ranks);
    const std::int64_t mirrored = 2 * ranks - 1 - rank;
    return TokenSet({{rank * chunk, (rank + 1) * chunk}, {mirrored * chunk, (mirrored + 1) * chunk}});
}

TokenSet striped(std::int64_t rank) {
    std::vector<Range> ranges;
    for (std::int64_t position = rank; position < tokens; position += ranks) {
        ranges.push_back({position, position + 1});
    }
    return TokenSet(ranges);
}

class RankAreas : public testing::TestWithParam<Row> {
  protected:
    [[nodiscard]] static Areas areas(TokenSet (*share_of)(std::int64_t)) {
        const MaskDomain domain{tokens, tokens, GetParam().cu_seqlens};
        const auto mask = compiled_mask(GetParam().expression, domain);
        const TokenSet all({{0, tokens}});
        Areas found;
        for (std::int64_t rank = 0; rank < ranks; ++rank) {
            const TokenSet queries = share_of(rank);
            const std::int64_t area = LocalMask(*mask, queries, all).pairs();
            // The same, key share by key share, as a ring computes it.
            std::int64_t sum = 0;
            for (std::int64_t source = 0; source < ranks; ++source) {
                const TokenSet keys = share_of(source);
                sum += LocalMask(*mask, queries, keys).pairs();
            }
            EXPECT_EQ(sum, area);
            found.push_back(area);
        }
        return found;
    }
};

INSTANTIATE_TEST_SUITE_P(Masks, RankAreas, testing::ValuesIn(rows),
                         [](const testing::TestParamInfo<Row>& row) { return row.param.name; });

TEST_P(RankAreas, Contiguous) {
    EXPECT_EQ(areas(contiguous), GetParam().contiguous);
}

TEST_P(RankAreas, Zigzag) {
    EXPECT_EQ(areas(zigzag), GetParam().zigzag);
}

TEST_P(RankAreas, Striped) {
    EXPECT_EQ(areas(striped), GetParam().striped);
}

}  // namespace
}  // namespace longscope
