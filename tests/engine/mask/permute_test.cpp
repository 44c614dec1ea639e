// SPDX-License-Identifier: GPL-3.0-or-later
// Masks whose tokens stand in another order: what the orders are, when zones stay zones, and what is refused.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/mask/mask_difference.h"
#include "engine/mask/permuted_mask.h"
#include "engine/mask/token_order.h"
#include "engine/mask/zone_mask.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/message_of.h"
#include "tests/support/order_truths.h"

namespace longscope {
namespace {

Permutation order_of(const Json& written, std::int64_t tokens) {
    return parse_token_order(written, "order").over(tokens, 0, "order." + written.begin().key());
}

std::vector<std::int64_t> tokens_of(const Permutation& order) {
    std::vector<std::int64_t> tokens;
    for (std::int64_t position = 0; position < order.tokens(); ++position) {
        tokens.push_back(order.token(position));
    }
    return tokens;
}

TEST(TokenOrder, IsWhatItSays) {
    using Tokens = std::vector<std::int64_t>;
    EXPECT_EQ(tokens_of(order_of({{"reverse", Json::object()}}, 4)), (Tokens{3, 2, 1, 0}));
    EXPECT_EQ(tokens_of(order_of({{"interleave", {{"stride", 3}}}}, 8)), (Tokens{0, 3, 6, 1, 4, 7, 2, 5}));
    EXPECT_EQ(tokens_of(order_of({{"tiles", {{"grid", {2, 4}}, {"tile", {2, 2}}}}}, 9)),
              (Tokens{0, 1, 4, 5, 2, 3, 6, 7, 8}));
    EXPECT_EQ(tokens_of(order_of({{"tiles", {{"grid", {3, 3}}, {"tile", {2, 2}}}}}, 9)),
              (Tokens{0, 1, 3, 4, 2, 5, 6, 7, 8}));
    EXPECT_EQ(tokens_of(order_of({{"list", {{"tokens", {2, 0, 1}}}}}, 3)), (Tokens{2, 0, 1}));
}

// As MMInference stores a video: token i of frame j stands at i * frames + j.
TEST(TokenOrder, InterleavesFrames) {
    const std::int64_t frames = 7;
    const std::int64_t tokens_a_frame = 5;
    const Permutation place =
        order_of({{"interleave", {{"stride", tokens_a_frame}}}}, frames * tokens_a_frame).inverse();
    for (std::int64_t frame = 0; frame < frames; ++frame) {
        for (std::int64_t i = 0; i < tokens_a_frame; ++i) {
            EXPECT_EQ(place.token(frame * tokens_a_frame + i), i * frames + frame);
        }
    }
}

TEST(TokenOrder, EachHoldsEveryTokenOnceAndHasItsInverse) {
    for (const OrderEntry& entry : token_orders()) {
        const Json written = parse_json(entry.example, entry.name);
        const std::int64_t tokens = entry.name == "list" ? 64 : 2500;
        const Permutation order = order_of(written, tokens);
        EXPECT_EQ(tokens_of(order), tokens_in_order(written, tokens)) << entry.name;
        const Permutation place = order.inverse();
        for (std::int64_t token = 0; token < tokens; ++token) {
            ASSERT_EQ(order.token(place.token(token)), token) << entry.name;
        }
        EXPECT_EQ(parse_token_order(written, "order").written, written);
    }
}

TEST(TokenOrder, IsKeptAsFewPieces) {
    EXPECT_EQ(order_of({{"reverse", Json::object()}}, 1'000'000).pieces().size(), 1U);
    EXPECT_EQ(order_of({{"interleave", {{"stride", 256}}}}, 1'000'000).pieces().size(), 256U);
    EXPECT_EQ(order_of({{"tiles", {{"grid", {100, 100, 100}}, {"tile", {100, 10, 100}}}}}, 1'000'000).pieces().size(),
              1000U);
    EXPECT_EQ(order_of({{"interleave", {{"stride", 1}}}}, 1'000'000).pieces().size(), 1U);
    std::vector<std::int64_t> list{4, 3, 2, 1, 0, 5, 8, 11, 9, 6, 7, 10};
    EXPECT_EQ(Permutation(list).pieces().size(), 5U);
}

std::string permute(const std::string& axis, const std::string& order, const std::string& mask) {
    return R"({"permute": {"axis": ")" + axis + R"(", "order": )" + order + R"(, "mask": )" + mask + "}}";
}

std::string permute(const std::string& order, const std::string& mask) {
    return permute("both", order, mask);
}

void expect_equal(const std::string& a, const std::string& b, const MaskDomain& domain) {
    EXPECT_TRUE(mask_difference(*compiled_mask(a, domain), *compiled_mask(b, domain)).equal()) << a << " and " << b;
}

TEST(Permute, ThereAndBackIsTheSameMask) {
    const MaskDomain domain{3000, 3000, {0, 700, 1500, 3000}};
    const std::string mask = R"({"and": [{"documents": {}}, {"window": {"left": 300, "right": 20}}]})";
    const std::string reverse = R"({"reverse": {}})";
    expect_equal(permute(reverse, permute(reverse, mask)), mask, domain);
    const std::string by_50 = R"({"interleave": {"stride": 50}})";
    const std::string by_60 = R"({"interleave": {"stride": 60}})";  // 50 * 60 = 3000
    expect_equal(permute(by_60, permute(by_50, mask)), mask, domain);
    const std::string shuffle = R"({"shuffle": {"block": 100, "seed": 3}})";
    expect_equal(permute("rows", shuffle, permute("columns", shuffle, mask)), permute(shuffle, mask), domain);
}

TEST(Permute, GoesThroughOperators) {
    const MaskDomain domain{500, 500, {}};
    const std::string order = R"({"shuffle": {"block": 7, "seed": 1}})";
    const std::string a = R"({"causal": {}})";
    const std::string b = R"({"dilated_window": {"left": 60, "right": 20, "dilation": 3}})";
    expect_equal(permute(order, R"({"minus": [)" + a + "," + b + "]}"),
                 R"({"minus": [)" + permute(order, a) + "," + permute(order, b) + "]}", domain);
}

std::size_t zones_of(const Mask& mask) {
    const auto* zones = dynamic_cast<const ZoneMask*>(&mask);
    return zones == nullptr ? 0 : zones->zones().size() + zones->striped().size();
}

TEST(Permute, KeepsZonesWhereItCan) {
    const MaskDomain domain{1 << 20, 1 << 20, {}};
    const std::string causal = R"({"causal": {}})";
    EXPECT_EQ(zones_of(*compiled_mask(permute(R"({"reverse": {}})", causal), domain)), 1U);
    const auto interleaved = compiled_mask(permute(R"({"interleave": {"stride": 64}})", causal), domain);
    EXPECT_GE(zones_of(*interleaved), 64U * 64U);
    EXPECT_LE(zones_of(*interleaved), 4U * 64U * 64U);
    EXPECT_EQ(interleaved->pairs(), compiled_mask(causal, domain)->pairs());
    // One zone for each pair of blocks on or below the diagonal.
    const std::string shuffle = R"({"shuffle": {"block": 4096, "seed": 1}})";
    const std::size_t pieces = order_of(parse_json(shuffle, "test"), domain.key_tokens).pieces().size();
    EXPECT_GT(pieces, 250U);
    EXPECT_EQ(zones_of(*compiled_mask(permute(shuffle, causal), domain)), pieces * (pieces + 1) / 2);
}

// What stands in even steps comes together: lines become blocks.
TEST(Permute, MakesBlocksOfAGrid) {
    const MaskDomain domain{1 << 20, 1 << 20, {}};
    const std::string grid = R"({"grid": {"stride": 256, "query_phase": 3, "key_phase": 9}})";
    const auto mask = compiled_mask(grid, domain);
    const auto blocks = compiled_mask(permute(R"({"interleave": {"stride": 256}})", grid), domain);
    EXPECT_EQ(blocks->pairs(), mask->pairs());
    EXPECT_GT(zones_of(*blocks), 500U);
    const TileCounts scattered = count_tiles(*mask, 128, 128);
    const TileCounts dense = count_tiles(*blocks, 128, 128);
    EXPECT_GT(scattered.full + scattered.partial, 50 * (dense.full + dense.partial));
}

TEST(Permute, CountsTilesOfWhatIsNoZonesAnyMore) {
    const MaskDomain domain{1 << 16, 1 << 16, {}};
    const auto mask = compiled_mask(permute(R"({"shuffle": {"block": 1, "seed": 1}})", R"({"causal": {}})"), domain);
    EXPECT_EQ(zones_of(*mask), 0U);
    EXPECT_EQ(mask->pairs(), (std::int64_t{1} << 15) * ((1 << 16) + 1));
    const TileCounts counts = count_tiles(*mask, 128, 128);
    EXPECT_EQ(counts.partial, 512 * 512);
}

TEST(Permute, RefusesWhatIsNoOrderOfTheSequence) {
    const MaskDomain domain{64, 64, {}};
    const auto refusal = [&](const std::string& order) {
        return message_of([&] { (void)compiled_mask(permute(order, R"({"causal": {}})"), domain); });
    };
    EXPECT_EQ(
        refusal(R"({"list": {"tokens": [1, 0, 1]}})"),
        "mask.permute.order.list.tokens[2]: 1 stands in the list twice; accepted: each of the tokens 0 to 2 once, "
        "as many as are listed");
    EXPECT_EQ(refusal(R"({"list": {"tokens": [1, 3, 0]}})"),
              "mask.permute.order.list.tokens[1]: 3 is no token of the list; accepted: each of the tokens 0 to 2 once, "
              "as many as are listed");
    EXPECT_EQ(refusal(R"({"list": {"tokens": [1, 0]}})"),
              "mask.permute.order.list.tokens: a list of 2 tokens does not order 64 tokens; accepted: 64 tokens");
    EXPECT_EQ(
        refusal(R"({"interleave": {"stride": 65}})"),
        "mask.permute.order.interleave.stride: 65 is larger than the sequence; accepted: an integer from 1 to 64");
    EXPECT_EQ(refusal(R"({"tiles": {"grid": [9, 8], "tile": [3, 4]}})"),
              "mask.permute.order.tiles.grid: a grid of 72 tokens is larger than the sequence; accepted: at most 64 "
              "tokens");
    EXPECT_EQ(
        refusal(R"({"tiles": {"grid": [8, 8], "tile": [3]}})"),
        "mask.permute.order.tiles.tile: a tile of 1 axes does not go with a grid of 2; accepted: 1 to 3 axes, and "
        "as many of the tile as of the grid");
    EXPECT_EQ(refusal(R"({"tiles": {"grid": [8, 8], "tile": [3, 9]}})"),
              "mask.permute.order.tiles.tile[1]: 9 is larger than the axis; accepted: an integer from 1 to 8");
    EXPECT_EQ(
        refusal(R"({"sorted": {}})"),
        "mask.permute.order: sorted is not an order of tokens; accepted: an object with one of the fields reverse, "
        "interleave, tiles, shuffle, list");
    EXPECT_EQ(message_of([&] {
                  (void)compiled_mask(permute(R"({"reverse": {}})", R"({"full": {}})"), {4, 6, {}});
              }),
              "mask.permute: 4 queries and 6 keys do not hold the same tokens; accepted: as many queries as keys");
}

TEST(Permute, RefusesWhatWouldTakeHours) {
    const MaskDomain domain{1 << 20, 1 << 20, {}};
    EXPECT_EQ(message_of([&] {
                  (void)compiled_mask(permute(R"({"shuffle": {"block": 1, "seed": 1}})", R"({"causal": {}})"), domain);
              }).substr(0, 60),
              "mask.permute.order.shuffle: an order of 1,048,576 pieces tak");
}

}  // namespace
}  // namespace longscope
