// SPDX-License-Identifier: GPL-3.0-or-later
// Areas of published masks at lengths where no cell can be visited, against their closed forms; and the counts of small
// cases in which encodings of the same name are known to differ.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "engine/base/random.h"
#include "engine/mask/mask_presets.h"
#include "engine/mask/zone_mask.h"
#include "engine/workload/length_file.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/paths.h"

namespace longscope {
namespace {

std::int64_t area(std::string_view expression, const MaskDomain& domain) {
    return compiled_mask(expression, domain)->pairs();
}

MaskDomain one_document(std::int64_t n) {
    return {n, n, {}};
}

MaskDomain packed(const std::vector<std::int64_t>& lengths) {
    MaskDomain domain{0, 0, {0}};
    for (const std::int64_t length : lengths) {
        domain.cu_seqlens.push_back(domain.cu_seqlens.back() + length);
    }
    domain.query_tokens = domain.key_tokens = domain.cu_seqlens.back();
    return domain;
}

std::int64_t triangle(std::int64_t n) {
    return n * (n + 1) / 2;
}

template <typename Term>
std::int64_t sum(const std::vector<std::int64_t>& lengths, Term term) {
    return std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0},
                           [&](std::int64_t so_far, std::int64_t length) { return so_far + term(length); });
}

const std::vector<std::int64_t>& lengths() {
    static const std::vector<std::int64_t> drawn = [] {
        RandomStream random(11, 0);
        std::vector<std::int64_t> list;
        for (int i = 0; i < 2000; ++i) {
            list.push_back(static_cast<std::int64_t>(1 + random.next_below(1 + random.next_below(8192))));
        }
        return list;
    }();
    return drawn;
}

constexpr std::int64_t n = 1 << 20;

TEST(PublishedAreas, PrefixLmDocument) {
    const std::int64_t prefix = 64;
    EXPECT_EQ(area(R"({"or": [{"and": [{"causal": {}}, {"documents": {}}]}, {"prefix_documents": {"tokens": 64}}]})",
                   packed(lengths())),
              sum(lengths(), [&](std::int64_t l) { return triangle(l) + triangle(std::min(prefix, l) - 1); }));
}

TEST(PublishedAreas, GlobalTokensAndABand) {
    const std::int64_t g = 300;
    const std::int64_t w = 500;
    EXPECT_EQ(area(R"({"or": [{"global_tokens": {"tokens": 300, "axis": "both"}},
                              {"window": {"left": 500, "right": 500}}]})",
                   one_document(n)),
              2 * g * n - g * g + (n - g) * (2 * w + 1) - w * (w + 1));
}

TEST(PublishedAreas, BlockCausal) {
    const std::int64_t block = 1024;
    EXPECT_EQ(area(R"({"block_causal": {"block": 1024}})", one_document(n)), block * block * triangle(n / block));
}

TEST(PublishedAreas, BlockCausalDocuments) {
    const std::int64_t block = 1024;
    // Rows of the last block, which may be smaller, see what its document holds.
    EXPECT_EQ(area(R"({"block_causal_documents": {"block": 1024}})", packed(lengths())),
              sum(lengths(), [&](std::int64_t l) { return block * block * triangle(l / block) + l % block * l; }));
}

TEST(PublishedAreas, SharedQuestion) {
    const MaskDomain domain = packed(lengths());
    const std::int64_t question = lengths().front();
    EXPECT_EQ(area(R"({"shared_question": {}})", domain),
              sum(lengths(), triangle) + question * (domain.key_tokens - question));
}

TEST(PublishedAreas, CausalBlockwise) {
    const MaskDomain domain = packed(lengths());
    const std::int64_t last = lengths().back();
    EXPECT_EQ(area(R"({"causal_blockwise": {}})", domain),
              sum(lengths(), triangle) + last * (domain.key_tokens - last));
}

TEST(PublishedAreas, ChunkedLocal) {
    EXPECT_EQ(area(R"({"and": [{"causal": {}}, {"chunked_local": {"chunk": 8192}}]})", one_document(n)),
              n / 8192 * triangle(8192));
}

// The window keeps its size at the borders, so every query sees as many keys.
TEST(PublishedAreas, Neighbourhoods) {
    EXPECT_EQ(area(R"({"neighbourhood": {"grid": [16, 64, 64], "window": [5, 12, 24], "stride": [1, 4, 8],
                       "dilation": [1, 1, 1], "causal": [false, false, false]}})",
                   one_document(65'536)),
              std::int64_t{65'536} * 5 * 12 * 24);
    EXPECT_EQ(area(R"({"neighbourhood": {"grid": [4096], "window": [64], "stride": [1], "dilation": [1],
                       "causal": [true]}})",
                   one_document(4096)),
              4096 * 64 - triangle(63));
}

// A grid of video tokens: zones grow with the rows of the grid that see one another, not with its tokens.
TEST(PublishedAreas, NeighbourhoodsOfVideo) {
    const auto mask = compiled_mask(R"({"neighbourhood": {"grid": [30, 48, 80], "window": [9, 13, 13],
        "stride": [1, 1, 1], "dilation": [1, 1, 1], "causal": [false, false, false]}})",
                                    one_document(115'200));
    EXPECT_EQ(mask->pairs(), std::int64_t{115'200} * 9 * 13 * 13);
    // The two borders of a row and its middle.
    EXPECT_EQ(dynamic_cast<const ZoneMask&>(*mask).zones().size(), std::size_t{3 * 30 * 48 * 9 * 13});
}

TEST(PublishedAreas, BlockDiffusion) {
    const std::int64_t half = 1 << 16;
    const std::int64_t blocks = half / 16;
    EXPECT_EQ(area(R"({"block_diffusion": {"block": 16}})", one_document(2 * half)),
              16 * 16 * (blocks + triangle(blocks - 1) + triangle(blocks)));
}

TEST(PublishedAreas, EvictionKeepsEveryKeyForItsOwnBlock) {
    const auto mask = compiled_mask(R"({"random_eviction": {"block": 64, "seed": 3}})", one_document(65'536));
    EXPECT_GE(mask->pairs(), 65'536 / 64 * triangle(64));
    EXPECT_LT(mask->pairs(), triangle(65'536));
}

// LongCA-bench writes each of these masks three times, as slices, as a predicate and as column vectors, and they differ
// by "<" or "<=" and by the corner at which causal is aligned. These are the counts of the definitions.
TEST(KnownDisagreements, PrefixIsExclusive) {
    EXPECT_EQ(area(R"({"or": [{"causal": {}}, {"prefix": {"tokens": 5}}]})", one_document(16)), 146);
    EXPECT_EQ(area(R"({"or": [{"causal": {}}, {"prefix": {"tokens": 6}}]})", one_document(16)), 151);
}

TEST(KnownDisagreements, PrefixOfDocumentsIsExclusive) {
    const auto of = [](int tokens) {
        return area(R"({"or": [{"and": [{"causal": {}}, {"documents": {}}]}, {"prefix_documents": {"tokens": )" +
                        std::to_string(tokens) + "}}]}",
                    packed({4, 3, 5, 4}));
    };
    EXPECT_EQ(of(2), 45);
    EXPECT_EQ(of(3), 53);
}

TEST(KnownDisagreements, GlobalTokensAreAsManyAsSaid) {
    const auto of = [](int tokens) {
        return area(R"({"or": [{"window": {"left": 3, "right": 3}}, {"global_tokens": {"axis": "both", "tokens": )" +
                        std::to_string(tokens) + "}}]}",
                    one_document(24));
    };
    EXPECT_EQ(of(3), 270);
    EXPECT_EQ(of(6), 366);
}

TEST(KnownDisagreements, SharedQuestionAndCausalBlockwiseAgree) {
    EXPECT_EQ(area(R"({"shared_question": {}})", packed({4, 3, 5, 4})), 89);
    EXPECT_EQ(area(R"({"causal_blockwise": {}})", packed({4, 3, 5, 4})), 89);
}

TEST(KnownDisagreements, AWindowKeepsTheQuerysOwnKeyBesides) {
    EXPECT_EQ(area(R"({"window": {"left": 3, "right": 0}})", one_document(16)), 58);
    EXPECT_EQ(area(R"({"window": {"left": 2, "right": 0}})", one_document(16)), 45);
}

TEST(MaskPresets, AreMasksOfTheShortestSequencesThatTheySuit) {
    EXPECT_GE(mask_presets().size(), 28U);
    for (const MaskPreset& preset : mask_presets()) {
        EXPECT_EQ(find_mask_preset(preset.name), &preset) << "a name is there once";
        const std::int64_t least = preset.tokens;
        for (const MaskDomain& domain :
             {one_document(least), packed({least / 3, 1, least / 2, least - least / 3 - least / 2 - 1}),
              one_document(8 * least)}) {
            const auto mask = compiled_mask(preset.expression, domain);
            EXPECT_GT(mask->pairs(), 0) << preset.name;
            EXPECT_LE(mask->pairs(), mask->box().pairs()) << preset.name;
        }
    }
    EXPECT_EQ(find_mask_preset("no such mask"), nullptr);
}

// All fourteen masks of LongCA-bench, regular and long.
TEST(MaskPresets, OfLongCaBenchHaveLongVariants) {
    int long_ones = 0;
    for (const MaskPreset& preset : mask_presets()) {
        if (preset.source != "LongCA-bench" || preset.name.ends_with("_long")) {
            continue;
        }
        const MaskPreset* variant = find_mask_preset(std::string(preset.name) + "_long");
        ASSERT_NE(variant, nullptr) << preset.name;
        EXPECT_EQ(variant->source.substr(0, preset.source.size()), preset.source);
        EXPECT_EQ(variant->tokens, 65'536);
        ++long_ones;
    }
    EXPECT_EQ(long_ones, 14);
}

// Its documents: 40 % of the tokens as in a data set, 60 % in lengths from 8K to 30K.
TEST(MaskPresets, HaveTheLengthsOfTheLongDocuments) {
    const LengthSource lengths = read_length_file(LONGSCOPE_SOURCE_DIR "/resources/lengths/longca-long.json");
    double tokens = 0;
    double uniform = 0;
    for (const LengthBin& bin : lengths.bins()) {
        const double all = bin.weight * static_cast<double>(bin.shortest() + bin.longest()) / 2;
        tokens += all;
        uniform += bin.begin >= 8192 && bin.end <= 30'721 ? all : 0;
    }
    EXPECT_NEAR(uniform / tokens, 0.61, 0.005);  // with what the data set has of such lengths
    EXPECT_EQ(lengths.longest(), 475'871);
}

}  // namespace
}  // namespace longscope
