// SPDX-License-Identifier: GPL-3.0-or-later
// Every leaf against its plain predicate: all cells, all questions of the contract, over random parameters and domains,
// alone and below operators (which shows zones that are not disjoint).
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>

#include "engine/mask/heads.h"
#include "tests/support/brute_force_mask.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/leaf_truths.h"
#include "tests/support/range_lists.h"

namespace longscope {
namespace {

constexpr int cases = 400;
constexpr std::int64_t most_tokens = 40;

// Documents of any lengths, now and then without a token.
MaskDomain drawn_domain(LeafDraw& draw, bool square) {
    MaskDomain domain{draw.from(1, most_tokens), draw.from(1, most_tokens), {}};
    domain.head = draw.from(0, 6);
    domain.layer = draw.from(0, 9);
    if (square || draw.from(0, 3) == 0) {
        domain.key_tokens += domain.key_tokens % 2;  // block diffusion has two halves
        domain.query_tokens = domain.key_tokens;
        if (draw.from(0, 3) > 0) {
            domain.cu_seqlens = {0};
            while (domain.cu_seqlens.back() < domain.key_tokens) {
                domain.cu_seqlens.push_back(
                    std::min(domain.key_tokens, domain.cu_seqlens.back() + draw.from(0, 1 + domain.key_tokens / 2)));
            }
        }
    }
    return domain;
}

Json leaf_of(const LeafTruth& truth, const Json& parameters) {
    Json expression = Json::object();
    expression[truth.name] = parameters;
    return expression;
}

std::string described(const Json& expression, const MaskDomain& domain) {
    return expression.dump() + " over " + std::to_string(domain.query_tokens) + " x " +
           std::to_string(domain.key_tokens) + ", documents at " + Json(domain.cu_seqlens).dump() + ", head " +
           std::to_string(domain.head) + " of layer " + std::to_string(domain.layer);
}

void expect_rows(const Mask& mask, const BruteForceMask& truth) {
    std::vector<Range> runs{{-7, 99}};
    for (std::int64_t query = 0; query < truth.query_tokens(); ++query) {
        mask.row_runs(query, runs);
        ASSERT_TRUE(are_separate_runs(runs)) << "query " << query;
        std::vector<std::int64_t> keys;
        for (const Range run : runs) {
            for (std::int64_t key = run.begin; key < run.end; ++key) {
                keys.push_back(key);
            }
        }
        ASSERT_EQ(keys, truth.keys_of(query)) << "query " << query;
        for (std::int64_t key = -1; key <= truth.key_tokens(); ++key) {
            ASSERT_EQ(mask.contains(query, key), truth.contains(query, key)) << query << ", " << key;
        }
    }
}

void expect_boxes(const Mask& mask, const BruteForceMask& truth, LeafDraw& draw) {
    ASSERT_EQ(mask.pairs(), truth.pairs());
    for (int i = 0; i < 6; ++i) {
        const std::int64_t q = draw.from(0, truth.query_tokens() - 1);
        const std::int64_t k = draw.from(0, truth.key_tokens() - 1);
        const Box box{{q, draw.from(q, truth.query_tokens())}, {k, draw.from(k, truth.key_tokens())}};
        ASSERT_EQ(mask.pairs_in(box), truth.pairs_in(box));
        ASSERT_EQ(mask.tile_class(box), truth.tile_class(box));
    }
}

void expect_tiles(const Mask& mask, const BruteForceMask& truth, LeafDraw& draw) {
    const std::int64_t q_tile = draw.from(1, 17);
    const std::int64_t k_tile = draw.from(1, 17);
    for (std::int64_t query = 0; query < truth.query_tokens(); query += q_tile) {
        const Range rows{query, std::min(query + q_tile, truth.query_tokens())};
        std::int64_t tile = 0;
        for (const TileRun& run : mask.classify_row_of_tiles(rows, k_tile)) {
            ASSERT_EQ(run.tiles.begin, tile);
            for (; tile < run.tiles.end; ++tile) {
                ASSERT_EQ(run.tile_class, truth.tile_class({rows, {tile * k_tile, (tile + 1) * k_tile}}));
            }
        }
        ASSERT_EQ(tile, (truth.key_tokens() + k_tile - 1) / k_tile);
    }
}

void expect_mirror(const Mask& mask, const BruteForceMask& truth) {
    const auto mirror = mask.transposed();
    ASSERT_EQ(mirror->pairs(), truth.pairs());
    for (std::int64_t query = 0; query < truth.query_tokens(); ++query) {
        for (std::int64_t key = 0; key < truth.key_tokens(); ++key) {
            ASSERT_EQ(mirror->contains(key, query), truth.contains(query, key));
        }
    }
}

void expect_same(const Json& expression, const MaskDomain& domain, LeafDraw& draw) {
    SCOPED_TRACE(described(expression, domain));
    const MaskExpression parsed = parse_mask(expression, "mask");
    ASSERT_EQ(to_json(parsed), expression);
    const auto mask = compile_mask(parsed, domain);
    const BruteForceMask truth(expression, domain);
    ASSERT_NO_FATAL_FAILURE(expect_rows(*mask, truth));
    ASSERT_NO_FATAL_FAILURE(expect_boxes(*mask, truth, draw));
    ASSERT_NO_FATAL_FAILURE(expect_tiles(*mask, truth, draw));
    ASSERT_NO_FATAL_FAILURE(expect_mirror(*mask, truth));
    // The mask of its head alone, for any other head.
    MaskDomain other = domain;
    other.head += 1;
    other.layer += 3;
    const MaskExpression own = at_head(parsed, domain.head, domain.layer);
    ASSERT_FALSE(head_dependence(own).any());
    ASSERT_NO_FATAL_FAILURE(expect_rows(*compile_mask(own, other), truth));
}

class Leaf : public testing::TestWithParam<LeafTruth> {};

INSTANTIATE_TEST_SUITE_P(All, Leaf, testing::ValuesIn(leaf_truths()), [](const auto& leaf) { return leaf.param.name; });

TEST_P(Leaf, IsItsPredicate) {
    LeafDraw draw(std::hash<std::string>()(GetParam().name));
    for (int i = 0; i < cases; ++i) {
        const MaskDomain domain = drawn_domain(draw, GetParam().square);
        ASSERT_NO_FATAL_FAILURE(expect_same(leaf_of(GetParam(), GetParam().draw(draw, domain)), domain, draw));
    }
}

TEST_P(Leaf, IsItsPredicateBelowOperators) {
    LeafDraw draw(1 + std::hash<std::string>()(GetParam().name));
    for (int i = 0; i < cases / 4; ++i) {
        const MaskDomain domain = drawn_domain(draw, GetParam().square);
        const Json leaf = leaf_of(GetParam(), GetParam().draw(draw, domain));
        const Json causal{{"causal", Json::object()}};
        ASSERT_NO_FATAL_FAILURE(expect_same(Json{{"not", leaf}}, domain, draw));
        ASSERT_NO_FATAL_FAILURE(expect_same(Json{{"and", {causal, leaf}}}, domain, draw));
        ASSERT_NO_FATAL_FAILURE(expect_same(Json{{"or", {leaf, causal}}}, domain, draw));
    }
}

// Whatever the sequence is that a leaf is added to in the window, it is a mask to begin with.
TEST(Leaves, BeginWithAMaskOfShortAndLongSequences) {
    for (const LeafEntry& entry : mask_leaves()) {
        Json expression = Json::object();
        expression[std::string(entry.name)] = parse_json(entry.example, entry.name);
        for (const std::int64_t tokens : {std::int64_t{8192}, std::int64_t{1} << 20}) {
            EXPECT_NO_THROW(check_mask(parse_mask(expression, "mask"), {tokens, tokens, {}})) << entry.name;
        }
    }
}

// Those that have generators of their own, see mask_generators.h.
TEST(Leaves, AllHaveAPredicate) {
    std::set<std::string> known{"full",   "causal", "window", "documents",
                                "prefix", "sink",   "custom"};  // custom_test.cpp
    for (const LeafTruth& truth : leaf_truths()) {
        known.insert(truth.name);
    }
    std::set<std::string> registered;
    for (const LeafEntry& entry : mask_leaves()) {
        registered.insert(std::string(entry.name));
    }
    EXPECT_EQ(registered, known);
}

}  // namespace
}  // namespace longscope
