// SPDX-License-Identifier: GPL-3.0-or-later
// Every answer against its definition, cell by cell, on random masks; and on those whose answers are known.
#include "engine/mask/report/mask_report.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

#include "engine/mask/mask_presets.h"
#include "tests/support/brute_force_mask.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

MaskReport report_of(std::string_view expression, const MaskDomain& domain,
                     const std::vector<TileShape>& tiles = {{128, 128}}) {
    return mask_report(*compiled_mask(expression, domain), domain, tiles);
}

// Whether a query whose position among the keys is from `first` on sees the key, and which is the last.
std::int64_t last_position(const BruteForceMask& truth, std::int64_t key) {
    for (std::int64_t query = truth.query_tokens() - 1; query >= 0; --query) {
        if (truth.contains(query, key)) {
            return query + truth.key_tokens() - truth.query_tokens();
        }
    }
    return std::numeric_limits<std::int64_t>::min();
}

void expect_rows(const BruteForceMask& truth, const MaskReport& report) {
    std::int64_t empty = 0;
    std::int64_t first_empty = -1;
    std::int64_t leaks = 0;
    std::pair<std::int64_t, std::int64_t> first_leak{-1, -1};
    for (std::int64_t query = 0; query < truth.query_tokens(); ++query) {
        const std::vector<std::int64_t> keys = truth.keys_of(query);
        if (keys.empty()) {
            first_empty = empty == 0 ? query : first_empty;
            ++empty;
        }
        for (const std::int64_t key : keys) {
            if (key > query + truth.key_tokens() - truth.query_tokens()) {
                first_leak = leaks == 0 ? std::pair{query, key} : first_leak;
                ++leaks;
            }
        }
    }
    RC_ASSERT(report.without_keys.count == empty);
    RC_ASSERT(report.without_keys.first == first_empty);
    RC_ASSERT(report.causality.leaking_pairs == leaks);
    RC_ASSERT(report.causality.causal() == (leaks == 0));
    RC_ASSERT((std::pair{report.causality.first_query, report.causality.first_key}) == first_leak);
}

void expect_columns(const BruteForceMask& truth, const MaskReport& report) {
    std::int64_t most = 0;
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::int64_t unseen = 0;
    for (std::int64_t key = 0; key < truth.key_tokens(); ++key) {
        const std::int64_t queries = truth.pairs_in({{0, truth.query_tokens()}, {key, key + 1}});
        most = std::max(most, queries);
        least = std::min(least, queries);
        unseen += queries == 0 ? 1 : 0;
    }
    RC_ASSERT(report.queries_per_key.max_keys == most);
    RC_ASSERT(report.queries_per_key.min_keys == least);
    RC_ASSERT(report.unseen.count == unseen);
}

void expect_lifetime(const BruteForceMask& truth, const KeyLifetime& lifetime) {
    const std::int64_t diagonal = truth.key_tokens() - truth.query_tokens();
    std::int64_t most = 0;
    std::int64_t most_after = -1;
    for (std::int64_t after = -1; after < truth.query_tokens(); ++after) {
        std::int64_t resident = 0;
        for (std::int64_t key = 0; key < truth.key_tokens() && key <= after + diagonal; ++key) {
            resident += last_position(truth, key) > after + diagonal ? 1 : 0;
        }
        if (resident > most) {
            most = resident;
            most_after = after;
        }
    }
    RC_ASSERT(lifetime.most_resident == most);
    RC_ASSERT(lifetime.most_resident_after == most_after);

    std::int64_t held = 0;
    std::int64_t seen = 0;
    std::int64_t local = 0;
    std::optional<KeyGap> gap;
    for (std::int64_t key = 0; key < truth.key_tokens(); ++key) {
        for (std::int64_t query = std::max<std::int64_t>(key - diagonal, 0);
             query + diagonal <= last_position(truth, key); ++query) {
            ++held;
            if (truth.contains(query, key)) {
                ++seen;
                if (gap && gap->key == key && gap->seen_by < 0) {
                    gap->seen_by = query;
                }
                continue;
            }
            local = std::max(local, query + diagonal - key + 1);
            if (!gap) {
                gap = KeyGap{key, query, -1};
            }
        }
    }
    RC_ASSERT(lifetime.held_pairs == held);
    RC_ASSERT(lifetime.seen_pairs == seen);
    RC_ASSERT(lifetime.kv_efficient() == !gap.has_value());
    RC_ASSERT(lifetime.first_gap == gap);
    RC_ASSERT(lifetime.local_needed == local);
}

void expect_tiles(const BruteForceMask& truth, const TileBound& bound) {
    const std::int64_t diagonal = truth.key_tokens() - truth.query_tokens();
    std::int64_t touched = 0;
    std::int64_t causal_touched = 0;
    for (std::int64_t q = 0; q < truth.query_tokens(); q += bound.tiles.q_tile) {
        for (std::int64_t k = 0; k < truth.key_tokens(); k += bound.tiles.k_tile) {
            const Box tile{{q, std::min(q + bound.tiles.q_tile, truth.query_tokens())},
                           {k, std::min(k + bound.tiles.k_tile, truth.key_tokens())}};
            touched += truth.pairs_in(tile) > 0 ? tile.pairs() : 0;
            causal_touched += k <= tile.q.end - 1 + diagonal ? tile.pairs() : 0;
        }
    }
    RC_ASSERT(bound.touched_pairs == touched);
    RC_ASSERT(bound.causal_touched_pairs == causal_touched);
}

RC_GTEST_PROP(MaskReport, EqualsTheDefinitions, ()) {
    const MaskCase drawn = *mask_case(3);
    const BruteForceMask truth(drawn.expression, drawn.domain);
    const TileShape shape{*integer_from(1, 9), *integer_from(1, 9)};
    const MaskReport report = mask_report(*drawn.compiled(), drawn.domain, {shape});
    RC_ASSERT(report.pairs == truth.pairs());
    expect_rows(truth, report);
    expect_columns(truth, report);
    expect_lifetime(truth, report.lifetime);
    expect_tiles(truth, report.tiles.front());
    for (const DocumentPairs& document : report.documents) {
        RC_ASSERT(document.pairs == truth.pairs_in({document.tokens, {0, truth.key_tokens()}}) ||
                  drawn.domain.cu_seqlens.empty());
        RC_ASSERT(document.inside == truth.pairs_in({document.tokens, document.tokens}) ||
                  drawn.domain.cu_seqlens.empty());
    }
}

// Leaves of every kind, whose zones are of many shapes.
RC_GTEST_PROP(MaskReport, EqualsTheDefinitionsOfEveryLeaf, (std::uint64_t seed)) {
    LeafDraw draw(seed);
    const std::int64_t tokens = 2 * draw.from(1, 15);  // block_diffusion has two halves
    const MaskDomain domain{tokens, tokens, {}};
    const auto& truths = leaf_truths();
    const LeafTruth& leaf =
        truths[static_cast<std::size_t>(draw.from(0, static_cast<std::int64_t>(truths.size()) - 1))];
    const Json expression{{leaf.name, leaf.draw(draw, domain)}};
    const BruteForceMask truth(expression, domain);
    const MaskReport report =
        mask_report(*compile_mask(parse_mask(expression, "mask"), domain), domain, {{draw.from(1, 9), 4}});
    expect_rows(truth, report);
    expect_columns(truth, report);
    expect_lifetime(truth, report.lifetime);
    expect_tiles(truth, report.tiles.front());
}

TEST(MaskReport, OfACausalMask) {
    const MaskReport report = report_of(R"({"causal": {}})", {1024, 1024, {}});
    EXPECT_EQ(report.causal_pairs, 1024 * 1025 / 2);
    EXPECT_EQ(report.ideal_over_causal(), 1.0);
    EXPECT_TRUE(report.causality.causal());
    EXPECT_TRUE(report.lifetime.kv_efficient());
    EXPECT_EQ(report.lifetime.most_resident, 1023);
    EXPECT_EQ(report.lifetime.most_resident_after, 1022);
    // n (n + 1) / 2 of n^2 tiles.
    EXPECT_EQ(report.tiles[0].speedup_over_full(report.all_pairs), 64.0 / 36.0);
    EXPECT_EQ(report.tiles[0].speedup_over_causal(), 1.0);
}

TEST(MaskReport, AWindowKeepsAsManyKeysAsItIsWide) {
    const MaskReport report =
        report_of(R"({"or": [{"sink": {"tokens": 4}}, {"window": {"left": 1023, "right": 0}}]})", {65536, 65536, {}});
    EXPECT_EQ(report.lifetime.most_resident, 1023 + 4);
    EXPECT_TRUE(report.lifetime.kv_efficient());
    EXPECT_EQ(report.queries_per_key.max_keys, 65536);
}

// The fixed pattern of the Sparse Transformer sees the last keys of earlier chunks only; the strided one passes over
// keys and comes back to them.
TEST(MaskReport, TellsMasksWhoseKeysCanBeDropped) {
    const auto expression = [](const char* preset) { return find_mask_preset(preset)->expression; };
    const MaskDomain domain{4096, 4096, {}};
    EXPECT_TRUE(report_of(expression("s2_attention_head"), domain).lifetime.kv_efficient());
    EXPECT_TRUE(report_of(expression("sparse_transformer_fixed"), domain).lifetime.kv_efficient());
    const MaskReport strided = report_of(expression("sparse_transformer_strided"), domain);
    EXPECT_FALSE(strided.lifetime.kv_efficient());
    // Key 0 is in the window of the queries 0 to 512, and on the diagonals 1024, 1536, ...
    EXPECT_EQ(strided.lifetime.first_gap, (KeyGap{0, 513, 1024}));
    EXPECT_EQ(strided.lifetime.local_needed, 3584);
}

TEST(MaskReport, AQueryOfACacheNeedsWhatItSees) {
    const MaskReport report = report_of(R"({"window": {"left": 99, "right": 0}})", {1, 1000, {}});
    EXPECT_EQ(report.lifetime.most_resident, 99);
    EXPECT_EQ(report.lifetime.most_resident_after, -1);
}

TEST(MaskReport, NamesTheFirstLeak) {
    const MaskReport report = report_of(R"({"or": [{"causal": {}}, {"prefix": {"tokens": 512}}]})", {8192, 8192, {}});
    EXPECT_EQ(report.causality.leaking_pairs, 512 * 511 / 2);
    EXPECT_EQ(report.causality.first_query, 0);
    EXPECT_EQ(report.causality.first_key, 1);
}

TEST(MaskReport, OfTheLongestSequenceTakesNoTime) {
    const MaskReport report =
        report_of(R"({"window": {"left": 1000, "right": 0}})", {max_tokens, max_tokens, {}}, {{1 << 20, 1 << 20}});
    EXPECT_EQ(report.lifetime.most_resident, 1000);
    EXPECT_EQ(report.tiles[0].tiles.partial, 2047);
}

TEST(MaskReport, OfAnEmptyMaskHasNoWork) {
    const MaskReport report = report_of(R"({"not": {"full": {}}})", {10, 10, {}}, {{4, 4}});
    EXPECT_EQ(report.without_keys.count, 10);
    EXPECT_EQ(report.unseen.first, 0);
    EXPECT_EQ(report.lifetime.most_resident, 0);
    EXPECT_TRUE(std::isinf(report.ideal_over_full()));
    EXPECT_TRUE(std::isinf(report.tiles[0].speedup_over_causal()));
}

TEST(MaskReport, HasFiguresWithTheSameNames) {
    const auto names = [](const MaskReport& report) {
        std::vector<std::string> list;
        for (const auto& [name, value] : figures(report)) {
            list.push_back(name);
        }
        return list;
    };
    const MaskReport packed = report_of(R"({"documents": {}})", {10, 10, {0, 3, 3, 10}}, {{4, 4}, {2, 8}});
    EXPECT_EQ(packed.documents.size(), 2U);
    EXPECT_EQ(names(packed), names(report_of(R"({"full": {}})", {9, 9, {}}, {{4, 4}, {2, 8}})));
}

}  // namespace
}  // namespace longscope
