// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/tile_plan.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/mask/bit_words.h"
#include "engine/mask/expression.h"

namespace longscope {
namespace {

// The class of every tile by counting pairs, as the plan should have it.
void expect_plan_matches_pairs(const char* mask_json, const MaskDomain& domain, const TokenSet& queries,
                               const TokenSet& keys, std::int64_t q_tile, std::int64_t k_tile) {
    SCOPED_TRACE(mask_json);
    const auto mask = compile_mask(parse_mask(parse_json(mask_json, "test"), "mask"), domain);
    const LocalMask local(*mask, queries, keys);
    for (std::int64_t begin = 0; begin < local.rows(); begin += q_tile) {
        const Range rows{begin, std::min(begin + q_tile, local.rows())};
        const TilePlan plan = plan_tile_row(local, rows, k_tile);
        std::vector<TileClass> planned(static_cast<std::size_t>((local.columns() + k_tile - 1) / k_tile),
                                       TileClass::empty);
        for (const TileRun& run : plan.tiles) {
            std::fill(planned.begin() + run.tiles.begin, planned.begin() + run.tiles.end, run.tile_class);
        }
        std::int64_t pairs = 0;
        for (std::size_t tile = 0; tile < planned.size(); ++tile) {
            std::int64_t kept = 0;
            for (std::int64_t row = rows.begin; row < rows.end; ++row) {
                for (std::int64_t c = 0; c < k_tile; ++c) {
                    const std::int64_t column = static_cast<std::int64_t>(tile) * k_tile + c;
                    kept += column < local.columns() && mask->contains(queries.position(row), keys.position(column));
                }
            }
            pairs += kept;
            const TileClass expected = kept == 0                      ? TileClass::empty
                                       : kept == rows.size() * k_tile ? TileClass::full
                                                                      : TileClass::partial;
            EXPECT_EQ(planned[tile], expected) << "rows from " << begin << ", tile " << tile;
        }
        EXPECT_EQ(plan.pairs, pairs);
    }
}

TEST(TilePlan, ClassesEqualTheCountsOfPairs) {
    const MaskDomain domain{200, 200, {0, 3, 40, 41, 130, 200}};
    const TokenSet all({{0, 200}});
    const TokenSet first({{0, 20}, {50, 90}, {131, 190}});
    const TokenSet second({{10, 60}, {90, 100}, {150, 200}});
    for (const char* mask : {R"({"causal": {}})", R"({"documents": {}})", R"({"not": {"full": {}}})",
                             R"({"or": [{"window": {"left": 9, "right": 2}}, {"sink": {"tokens": 5}}]})",
                             R"({"not": {"window": {"left": 30, "right": 30}}})",
                             R"({"or": [{"causal": {}}, {"prefix": {"tokens": 77}}]})"}) {
        expect_plan_matches_pairs(mask, domain, all, all, 16, 8);
        expect_plan_matches_pairs(mask, domain, first, second, 7, 16);
        expect_plan_matches_pairs(mask, domain, second, first, 96, 128);
    }
}

// What the plan says that a row sees, asked in two parts.
std::vector<Range> seen_of(const TilePlan& plan, std::int64_t row, std::int64_t columns) {
    std::vector<Range> runs;
    for (const Range part : {Range{0, columns / 3}, Range{columns / 3, columns}}) {
        plan.seen.for_each(row, part, [&](Range seen) { append_joined(seen, runs); });
    }
    return runs;
}

TEST(TilePlan, TellsWhatEachRowSeesWhetherAsRunsOrAsBits) {
    constexpr std::int64_t tokens = 331;
    const TokenSet all({{0, tokens}});
    for (const char* mask_json :
         {R"({"causal": {}})", R"({"block_causal": {"block": 40}})", R"({"not": {"full": {}}})",
          R"({"strided_columns": {"stride": 3, "first": 1, "width": 2}})",
          R"({"and": [{"causal": {}}, {"dilated_window": {"left": 160, "right": 5, "dilation": 2}}]})",
          R"({"random_block_sparse": {"q_block": 1, "k_block": 1, "kept": 0.5, "seed": 1}})"}) {
        SCOPED_TRACE(mask_json);
        const auto mask = compile_mask(parse_mask(parse_json(mask_json, "test"), "mask"), {tokens, tokens, {}});
        const LocalMask local(*mask, all, all);
        std::vector<Range> runs;
        for (std::int64_t begin = 0; begin < tokens; begin += 96) {
            const TilePlan plan = plan_tile_row(local, {begin, std::min<std::int64_t>(begin + 96, tokens)}, 64);
            for (std::int64_t row = 0; row < plan.rows.size(); ++row) {
                local.row_runs(begin + row, runs);
                EXPECT_EQ(seen_of(plan, row, tokens), runs) << "row " << begin + row;
                std::vector<std::uint64_t> words(3);
                plan.seen.set_seen(row, {192, 384}, words);
                std::vector<Range> of_bits;
                append_bit_runs(words, 192, of_bits);
                std::vector<Range> of_runs;
                plan.seen.for_each(row, {192, 384}, [&](Range seen) { of_runs.push_back(seen); });
                EXPECT_EQ(of_bits, of_runs) << "row " << begin + row;
            }
        }
    }
}

TEST(TilePlan, TakesNoMoreThanBitsOfEveryPairAndLittleWhereRowsAreAlike) {
    constexpr std::int64_t tokens = 4096;
    const TokenSet all({{0, tokens}});
    const auto bytes = [&](const char* mask_json) {
        const auto mask = compile_mask(parse_mask(parse_json(mask_json, "test"), "mask"), {tokens, tokens, {}});
        return plan_tile_row(LocalMask(*mask, all, all), {960, 1056}, 192).bytes();
    };
    EXPECT_LT(bytes(R"({"random_block_sparse": {"q_block": 1, "k_block": 1, "kept": 0.5, "seed": 1}})"),
              96 * tokens / 8 + 2048);
    EXPECT_LT(bytes(R"({"random_block_sparse": {"q_block": 128, "k_block": 128, "kept": 0.5, "seed": 1}})"), 3072);
}

std::vector<Range> rows_of(const std::vector<TilePlan>& plans) {
    std::vector<Range> rows;
    for (const TilePlan& plan : plans) {
        rows.push_back(plan.rows);
    }
    return rows;
}

std::vector<TilePlan> plan_all(const char* mask_json, std::int64_t tokens, const RowCuts& cuts) {
    const auto mask = compile_mask(parse_mask(parse_json(mask_json, "test"), "mask"), {tokens, tokens, {}});
    const TokenSet all({{0, tokens}});
    return plan_tile_rows(LocalMask(*mask, all, all), {0, tokens}, cuts, 64);
}

TEST(TilePlan, RowsAreCutWhereBlocksOfTheMaskEnd) {
    const std::vector<TilePlan> plans = plan_all(R"({"block_causal": {"block": 40}})", 100, {30, 8});
    EXPECT_EQ(rows_of(plans), (std::vector<Range>{{0, 30}, {30, 40}, {40, 70}, {70, 80}, {80, 100}}));
    for (const TilePlan& plan : plans) {
        EXPECT_TRUE(plan.alike);
    }
}

TEST(TilePlan, RowsAreNotCutWhereEachSeesOtherKeysOrBlocksAreSmall) {
    EXPECT_EQ(rows_of(plan_all(R"({"causal": {}})", 70, {30, 8})), (std::vector<Range>{{0, 30}, {30, 60}, {60, 70}}));
    EXPECT_EQ(rows_of(plan_all(R"({"block_causal": {"block": 5}})", 70, {30, 8})),
              (std::vector<Range>{{0, 30}, {30, 60}, {60, 70}}));
    for (const TilePlan& plan : plan_all(R"({"causal": {}})", 70, {30, 8})) {
        EXPECT_FALSE(plan.alike);
    }
}

}  // namespace
}  // namespace longscope
