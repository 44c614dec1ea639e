// SPDX-License-Identifier: GPL-3.0-or-later
// Ten million tokens in thousands of documents: the compiled form grows with the documents, and every rank's share can
// be counted. Something that grew with their square would not end.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "engine/base/random.h"
#include "engine/mask/local_mask.h"
#include "engine/mask/zone_mask.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/paths.h"

namespace longscope {
namespace {

constexpr std::int64_t tokens = 10'000'000;

constexpr const char* causal_documents = R"({"and": [{"causal": {}}, {"documents": {}}]})";
constexpr const char* window_in_documents = R"({"and": [{"documents": {}}, {"window": {"left": 1024, "right": 0}}]})";
constexpr const char* other_documents = R"({"not": {"documents": {}}})";
constexpr const char* documents_or_sink = R"({"or": [{"documents": {}}, {"sink": {"tokens": 4}}]})";

// Takes lengths in turn until the tokens are used up.
template <typename NextLength>
MaskDomain packed(NextLength next_length) {
    MaskDomain domain{tokens, tokens, {0}};
    while (domain.cu_seqlens.back() < tokens) {
        domain.cu_seqlens.push_back(std::min(tokens, domain.cu_seqlens.back() + next_length()));
    }
    return domain;
}

// Mean about 1000, from 4 tokens to 16,000.
MaskDomain drawn_documents() {
    RandomStream random(3, 0);
    return packed([&] {
        return static_cast<std::int64_t>(4 + random.next_below(1 + random.next_below(1 + random.next_below(16'000))));
    });
}

const ZoneMask& zones_of(const Mask& mask) {
    return dynamic_cast<const ZoneMask&>(mask);
}

void expect_zones_grow_with_documents(const MaskDomain& domain) {
    const auto documents = static_cast<std::int64_t>(domain.cu_seqlens.size()) - 1;
    const auto expect_size = [&](const char* expression, std::int64_t zones) {
        const auto mask = compiled_mask(expression, domain);
        EXPECT_EQ(static_cast<std::int64_t>(zones_of(*mask).zones().size()), zones) << expression;
        EXPECT_EQ(zones_of(*mask).slabs(), documents) << expression;
    };
    expect_size(causal_documents, documents);
    expect_size(window_in_documents, documents);
    // Left of a document and right of it, but for the first and the last.
    expect_size(other_documents, 2 * documents - 2);
    // The first document holds the sink.
    expect_size(documents_or_sink, 2 * documents - 1);
}

// Chunks r and 2N - 1 - r of 2N of every document.
TokenSet per_document_zigzag(const MaskDomain& domain, std::int64_t rank, std::int64_t ranks) {
    std::vector<Range> ranges;
    for (std::size_t i = 0; i + 1 < domain.cu_seqlens.size(); ++i) {
        const std::int64_t begin = domain.cu_seqlens[i];
        const std::int64_t length = domain.cu_seqlens[i + 1] - begin;
        for (const std::int64_t chunk : {rank, 2 * ranks - 1 - rank}) {
            ranges.push_back({begin + chunk * length / (2 * ranks), begin + (chunk + 1) * length / (2 * ranks)});
        }
    }
    return TokenSet(std::move(ranges));
}

TokenSet striped(std::int64_t rank, std::int64_t ranks) {
    std::vector<Range> ranges;
    for (std::int64_t position = rank; position < tokens; position += ranks) {
        ranges.push_back({position, position + 1});
    }
    return TokenSet(std::move(ranges));
}

TEST(MaskScale, ZonesGrowWithDocuments) {
    expect_zones_grow_with_documents(drawn_documents());
}

TEST(MaskScale, ZonesGrowWithDocumentsOfRealLengths) {
    const std::filesystem::path file = LONGSCOPE_SOURCE_DIR "/../shared/data/lengths/wikipedia-tokens.txt";
    if (!std::filesystem::exists(file)) {
        GTEST_SKIP() << "no " << file;
    }
    std::ifstream lines(file);
    expect_zones_grow_with_documents(packed([&] {
        std::int64_t length = 0;
        EXPECT_TRUE(lines >> length);
        return std::max<std::int64_t>(length, 1);
    }));
}

TEST(MaskScale, OneTokenDocumentsAreOneZoneEach) {
    MaskDomain domain{100'000, 100'000, {}};
    for (std::int64_t start = 0; start <= 100'000; ++start) {
        domain.cu_seqlens.push_back(start);
    }
    const auto mask = compiled_mask(causal_documents, domain);
    EXPECT_EQ(zones_of(*mask).zones().size(), 100'000U);
    EXPECT_EQ(mask->pairs(), 100'000);
}

TEST(MaskScale, TransposingTwiceGivesTheSamePairs) {
    const MaskDomain domain = drawn_documents();
    const auto mask = compiled_mask(documents_or_sink, domain);
    const auto mirror = mask->transposed();
    const Box left_half{{0, tokens}, {0, tokens / 2}};
    EXPECT_EQ(mirror->pairs_in({left_half.k, left_half.q}), mask->pairs_in(left_half));
    EXPECT_EQ(mirror->transposed()->pairs(), mask->pairs());
}

TEST(MaskScale, KeySharesOfAllRanksAddUp) {
    const MaskDomain domain = drawn_documents();
    const std::int64_t ranks = 4;
    const TokenSet everything({{0, tokens}});
    for (const char* expression : {causal_documents, window_in_documents, other_documents, documents_or_sink}) {
        const auto mask = compiled_mask(expression, domain);
        std::int64_t zigzag_sum = 0;
        std::int64_t striped_sum = 0;
        for (std::int64_t rank = 0; rank < ranks; ++rank) {
            const TokenSet zigzag_keys = per_document_zigzag(domain, rank, ranks);
            const TokenSet striped_keys = striped(rank, ranks);
            zigzag_sum += LocalMask(*mask, everything, zigzag_keys).pairs();
            striped_sum += LocalMask(*mask, everything, striped_keys).pairs();
        }
        EXPECT_EQ(zigzag_sum, mask->pairs()) << expression;
        EXPECT_EQ(striped_sum, mask->pairs()) << expression;
    }
}

TEST(MaskScale, TilesOfAllRowsAreCounted) {
    const MaskDomain domain = drawn_documents();
    const auto mask = compiled_mask(causal_documents, domain);
    const TileCounts counts = count_tiles(*mask, 128, 128);
    const std::int64_t side = (tokens + 127) / 128;
    EXPECT_EQ(counts.total(), side * side);
    EXPECT_GE((counts.full + counts.partial) * 128 * 128, mask->pairs());
    EXPECT_LE(counts.full * 128 * 128, mask->pairs());
}

}  // namespace
}  // namespace longscope
