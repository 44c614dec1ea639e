// SPDX-License-Identifier: GPL-3.0-or-later
// What the forward pass is predicted to cost in either order of the loops, and which one is taken.
#include "engine/kernel/cpu/order_cost.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/kernel/cpu/forward_pass.h"
#include "engine/kernel/cpu/tile_variant.h"
#include "engine/mask/expression.h"

namespace longscope::cpu {
namespace {

struct Question {
    AttendInput input;
    std::unique_ptr<Mask> mask;
    std::unique_ptr<TokenSet> queries;
    std::unique_ptr<TokenSet> keys;
    std::unique_ptr<LocalMask> local;
};

// Nothing but heads, tokens and the mask is read.
Question ask(const std::string& mask, const MaskDomain& domain, std::int64_t heads, std::int64_t kv_heads) {
    Question question;
    question.mask = compile_mask(parse_mask(parse_json(mask, "test"), "mask"), domain);
    question.queries = std::make_unique<TokenSet>(std::vector<Range>{{0, domain.query_tokens}});
    question.keys = std::make_unique<TokenSet>(std::vector<Range>{{0, domain.key_tokens}});
    question.local = std::make_unique<LocalMask>(*question.mask, *question.queries, *question.keys);
    question.input.queries = HeadView(nullptr, DType::float32, heads, domain.query_tokens, 64);
    question.input.keys = HeadView(nullptr, DType::float32, kv_heads, domain.key_tokens, 64);
    question.input.values = question.input.keys;
    question.input.mask = question.local.get();
    return question;
}

const TileGeometry& geometry_of(DType dtype) {
    return choose_tile_variant(dtype).functions.geometry;
}

LoopOrder chosen(const Question& question, const TileGeometry& geometry) {
    ThreadTeam team(2);
    KindPlans plans;
    const Range rows{0, question.local->rows()};
    plans.plan(*question.local, {0}, rows, geometry, team);
    return choose_order(question.input, plans, {0, question.input.keys.heads}, rows, geometry, team).order;
}

std::string dense(std::int64_t rows, std::int64_t columns,
                  const std::function<bool(std::int64_t, std::int64_t)>& sees) {
    Json lines = Json::array();
    for (std::int64_t row = 0; row < rows; ++row) {
        std::string line;
        for (std::int64_t column = 0; column < columns; ++column) {
            line += sees(row, column) ? '1' : '0';
        }
        lines.push_back(line);
    }
    return Json{{"dense", {{"rows", lines}}}}.dump();
}

TEST(OrderCost, OfFullTilesIsOnePairForEachAndWhatRowsTake) {
    for (const DType dtype : {DType::float32, DType::bfloat16}) {
        const TileGeometry& geometry = geometry_of(dtype);
        const Question question = ask(R"({"full": {}})", {geometry.q_tile, 2 * geometry.k_tile, {}}, 2, 2);
        const OrderCost cost = forward_order_cost(question.input, geometry, 2);
        const auto columns = static_cast<double>(geometry.k_tile);
        EXPECT_DOUBLE_EQ(cost.query_major, 1.0 + in_tile_pairs(geometry) / columns);
        const double gathered = in_tile_pairs(geometry) + gather_pairs(geometry);
        EXPECT_DOUBLE_EQ(cost.key_major, 1.0 + (gathered + visit_pairs(geometry)) / columns);
        // Heads that share keys share visits.
        const Question shared = ask(R"({"full": {}})", {geometry.q_tile, 2 * geometry.k_tile, {}}, 2, 1);
        EXPECT_DOUBLE_EQ(forward_order_cost(shared.input, geometry, 2).key_major,
                         1.0 + (gathered + visit_pairs(geometry) / 2.0) / columns);
        EXPECT_EQ(cost.cheaper(), LoopOrder::query_major);
    }
}

TEST(OrderCost, CountsHiddenPairsOfGroupsAndRowsThatFillThemUp) {
    const TileGeometry& geometry = geometry_of(DType::float32);
    // Every row sees one block of 64 of a tile, its neighbours the others: a group sees the whole tile, gathered rows
    // their blocks only, in groups of which the last of a block is not full.
    const std::int64_t rows = geometry.q_tile;
    const std::int64_t blocks = geometry.k_tile / 64;
    const Question question =
        ask(dense(rows, geometry.k_tile,
                  [&](std::int64_t row, std::int64_t column) { return column / 64 == row % blocks; }),
            {rows, geometry.k_tile, {}}, 1, 1);
    std::int64_t gathered = 0;
    for (std::int64_t block = 0; block < blocks; ++block) {
        const std::int64_t own = (rows - block + blocks - 1) / blocks;
        gathered += (own + geometry.row_group - 1) / geometry.row_group * geometry.row_group;
    }
    const OrderCost cost = forward_order_cost(question.input, geometry, 1);
    const auto kept = static_cast<double>(rows * 64);
    EXPECT_DOUBLE_EQ(cost.query_major, static_cast<double>(blocks) + in_tile_pairs(geometry) / 64.0);
    const double gathering = in_tile_pairs(geometry) + gather_pairs(geometry);
    const double visiting = visit_pairs(geometry) * static_cast<double>(rows);
    EXPECT_DOUBLE_EQ(cost.key_major, (static_cast<double>(gathered) * (64.0 + gathering) + visiting) / kept);
}

TEST(OrderCost, OfAMaskThatKeepsNothingIsNothing) {
    const Question question = ask(R"({"not": {"full": {}}})", {500, 500, {}}, 2, 1);
    const OrderCost cost = forward_order_cost(question.input, geometry_of(DType::float32), 2);
    EXPECT_EQ(cost.query_major, 0.0);
    EXPECT_EQ(cost.cheaper(), LoopOrder::query_major);
}

TEST(OrderCost, OfAChoiceIsToldInWords) {
    EXPECT_EQ((OrderChoice{LoopOrder::key_major, {6.0, 2.0}}).text(),
              "key-major, predicted to be 3.0 times as fast as query-major");
    EXPECT_EQ((OrderChoice{LoopOrder::query_major, {1.0, 1.5}}).text(),
              "query-major, predicted to be 1.5 times as fast as key-major");
    EXPECT_EQ(OrderChoice{}.text(), "query-major");
}

TEST(OrderCost, OrdinaryMasksStayQueryMajor) {
    const std::vector<std::int64_t> documents{0, 40, 900, 1000, 1020, 2500, 2600, 4096};
    for (const char* mask : {
             R"({"full": {}})",
             R"({"causal": {}})",
             R"({"window": {"left": 1023, "right": 0}})",
             R"({"window": {"left": 63, "right": 0}})",
             R"({"and": [{"documents": {}}, {"causal": {}}]})",
             R"({"and": [{"causal": {}}, {"or": [{"sink": {"tokens": 64}}, {"window": {"left": 511, "right": 0}}]}]})",
             R"({"random_block_sparse": {"q_block": 128, "k_block": 128, "kept": 0.1, "seed": 1}})",
         }) {
        for (const DType dtype : {DType::float32, DType::bfloat16}) {
            EXPECT_EQ(chosen(ask(mask, {4096, 4096, documents}, 8, 2), geometry_of(dtype)), LoopOrder::query_major)
                << mask;
        }
    }
}

TEST(OrderCost, BlocksThatEachTokenSelectsAreKeyMajor) {
    for (
        const char* mask : {
            R"({"random_block_sparse": {"q_block": 1, "k_block": 64, "kept": 0.0625, "seed": 1}})",
            R"({"and": [{"causal": {}}, {"random_block_sparse": {"q_block": 1, "k_block": 64, "kept": 0.125, "seed": 1}}]})",
            R"({"random_block_sparse": {"q_block": 1, "k_block": 128, "kept": 0.125, "seed": 1}})",
        }) {
        for (const DType dtype : {DType::float32, DType::bfloat16}) {
            for (const std::int64_t kv_heads : {1, 4, 16}) {
                EXPECT_EQ(chosen(ask(mask, {4096, 4096, {}}, 16, kv_heads), geometry_of(dtype)), LoopOrder::key_major)
                    << mask << ", " << kv_heads << " key/value heads";
            }
        }
    }
}

}  // namespace
}  // namespace longscope::cpu
