// SPDX-License-Identifier: GPL-3.0-or-later
// Masks seen through token sets, against the plain predicate at the global positions.
#include "engine/mask/local_mask.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/support/brute_force_mask.h"
#include "tests/support/mask_generators.h"
#include "tests/support/range_lists.h"

namespace longscope {
namespace {

RC_GTEST_PROP(LocalMask, RowRunsAreTheLocalKeysOfEachLocalQuery, ()) {
    const MaskCase drawn = *mask_case();
    const BruteForceMask truth(drawn.expression, drawn.domain);
    const auto mask = drawn.compiled();
    const std::vector<std::int64_t> query_positions = *positions_below(drawn.domain.query_tokens);
    const std::vector<std::int64_t> key_positions = *positions_below(drawn.domain.key_tokens);
    const TokenSet queries = token_set_of(query_positions);
    const TokenSet keys = token_set_of(key_positions);
    const LocalMask local(*mask, queries, keys);
    RC_ASSERT(local.rows() == queries.size());
    RC_ASSERT(local.columns() == keys.size());

    std::vector<Range> runs{{-7, 99}};  // to be replaced, not appended to
    for (std::size_t row = 0; row < query_positions.size(); ++row) {
        local.row_runs(static_cast<std::int64_t>(row), runs);
        RC_ASSERT(are_separate_runs(runs));
        for (std::size_t column = 0; column < key_positions.size(); ++column) {
            const bool in_runs = std::any_of(
                runs.begin(), runs.end(), [&](Range run) { return run.contains(static_cast<std::int64_t>(column)); });
            RC_ASSERT(in_runs == truth.contains(query_positions[row], key_positions[column]));
        }
    }
}

RC_GTEST_PROP(LocalMask, PositionsStandOnTheAxisOfKeysOnWhichTheLastQueryStandsAtTheLastKey, ()) {
    const MaskCase drawn = *mask_case();
    const auto mask = drawn.compiled();
    const std::vector<std::int64_t> query_positions = *positions_below(drawn.domain.query_tokens);
    const std::vector<std::int64_t> key_positions = *positions_below(drawn.domain.key_tokens);
    const TokenSet queries = token_set_of(query_positions);
    const TokenSet keys = token_set_of(key_positions);
    const LocalMask local(*mask, queries, keys);
    const auto any_range = [](std::int64_t size) {
        const std::int64_t begin = *rc::gen::inRange<std::int64_t>(0, size + 1);
        return Range{begin, *rc::gen::inRange<std::int64_t>(begin, size + 1)};
    };
    const Range rows = any_range(local.rows());
    const Range columns = any_range(local.columns());
    std::vector<std::int32_t> of_rows(static_cast<std::size_t>(rows.size()));
    std::vector<std::int32_t> of_columns(static_cast<std::size_t>(columns.size()));
    local.row_positions(rows, of_rows.data());
    local.column_positions(columns, of_columns.data());
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        const std::int64_t position =
            query_positions[static_cast<std::size_t>(row)] + drawn.domain.key_tokens - drawn.domain.query_tokens;
        RC_ASSERT(of_rows[static_cast<std::size_t>(row - rows.begin)] == position);
        for (std::int64_t column = columns.begin; column < columns.end; ++column) {
            const std::int64_t key = key_positions[static_cast<std::size_t>(column)];
            RC_ASSERT(of_columns[static_cast<std::size_t>(column - columns.begin)] == key);
            RC_ASSERT(local.distance(row, column) == std::abs(position - key));
        }
    }
}

TEST(LocalMask, PositionsOfTokensThatFollowARule) {
    const auto mask = compile_mask(parse_mask(parse_json(R"({"full": {}})", "test"), "mask"), {30, 40, {}});
    const TokenSet queries = TokenSet::every(1, 4, 30);
    const TokenSet keys = TokenSet::every(2, 3, 40);
    std::vector<std::int32_t> positions(3);
    const LocalMask local(*mask, queries, keys);
    local.row_positions({2, 5}, positions.data());
    EXPECT_EQ(positions, (std::vector<std::int32_t>{9 + 10, 13 + 10, 17 + 10}));
    local.column_positions({10, 13}, positions.data());
    EXPECT_EQ(positions, (std::vector<std::int32_t>{32, 35, 38}));
}

RC_GTEST_PROP(LocalMask, PairsAreExact, ()) {
    const MaskCase drawn = *mask_case();
    const BruteForceMask truth(drawn.expression, drawn.domain);
    const auto mask = drawn.compiled();
    const std::vector<std::int64_t> query_positions = *positions_below(drawn.domain.query_tokens);
    const std::vector<std::int64_t> key_positions = *positions_below(drawn.domain.key_tokens);
    std::int64_t expected = 0;
    for (const std::int64_t query : query_positions) {
        for (const std::int64_t key : key_positions) {
            expected += truth.contains(query, key) ? 1 : 0;
        }
    }
    const TokenSet queries = token_set_of(query_positions);
    const TokenSet keys = token_set_of(key_positions);
    RC_ASSERT(LocalMask(*mask, queries, keys).pairs() == expected);
}

// Of all keys, and of queries that follow a rule, they are counted in other ways.
RC_GTEST_PROP(LocalMask, PairsOfAllKeysAreExact, ()) {
    const MaskCase drawn = *mask_case();
    const auto mask = drawn.compiled();
    const TokenSet all_keys({{0, drawn.domain.key_tokens}});
    const TokenSet queries = token_set_of(*positions_below(drawn.domain.query_tokens));
    const TokenSet stripe = TokenSet::every(*rc::gen::inRange<std::int64_t>(0, drawn.domain.query_tokens + 1),
                                            *rc::gen::inRange<std::int64_t>(1, 7), drawn.domain.query_tokens);
    for (const TokenSet* rows : {&queries, &stripe}) {
        std::int64_t expected = 0;
        for (std::int64_t i = 0; i < rows->size(); ++i) {
            expected += mask->pairs_in({{rows->position(i), rows->position(i) + 1}, {0, drawn.domain.key_tokens}});
        }
        RC_ASSERT(LocalMask(*mask, *rows, all_keys).pairs() == expected);
    }
}

// Every query on one of a few ranks, every key on one of a few: what they see adds up to the mask.
RC_GTEST_PROP(LocalMask, PairsOfAllRanksAddUpToTheMask, ()) {
    const MaskCase drawn = *mask_case();
    const auto mask = drawn.compiled();
    const std::size_t ranks = *rc::gen::inRange<std::size_t>(1, 5);
    const auto shares = [&](std::int64_t tokens) {
        const auto owners = *rc::gen::container<std::vector<std::size_t>>(static_cast<std::size_t>(tokens),
                                                                          rc::gen::inRange<std::size_t>(0, ranks));
        std::vector<std::vector<std::int64_t>> positions(ranks);
        for (std::size_t i = 0; i < owners.size(); ++i) {
            positions[owners[i]].push_back(static_cast<std::int64_t>(i));
        }
        std::vector<TokenSet> sets;
        for (const auto& of_rank : positions) {
            sets.push_back(token_set_of(of_rank));
        }
        return sets;
    };
    const std::vector<TokenSet> query_shares = shares(drawn.domain.query_tokens);
    const std::vector<TokenSet> key_shares = shares(drawn.domain.key_tokens);
    std::int64_t sum = 0;
    for (const TokenSet& queries : query_shares) {
        for (const TokenSet& keys : key_shares) {
            sum += LocalMask(*mask, queries, keys).pairs();
        }
    }
    RC_ASSERT(sum == mask->pairs());
}

}  // namespace
}  // namespace longscope
