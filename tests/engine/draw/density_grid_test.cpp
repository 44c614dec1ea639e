// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/density_grid.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/mask/expression.h"
#include "engine/mask/operator_mask.h"

namespace longscope {
namespace {

constexpr std::string_view causal_documents = R"({"and": [{"causal": {}}, {"documents": {}}]})";

std::unique_ptr<Mask> compiled(std::string_view json, std::vector<std::int64_t> cu_seqlens) {
    const std::int64_t tokens = cu_seqlens.back();
    return compile_mask(parse_mask(parse_json(json, "test"), "mask"), {tokens, tokens, std::move(cu_seqlens)});
}

TEST(CellEdges, DivideEvenly) {
    EXPECT_EQ(cell_edges({0, 10}, 4), (std::vector<std::int64_t>{0, 2, 5, 7, 10}));
    EXPECT_EQ(cell_edges({7, 9}, 2), (std::vector<std::int64_t>{7, 8, 9}));
}

TEST(DensityGrid, OfATriangle) {
    const std::unique_ptr<Mask> mask = compiled(R"({"causal": {}})", {0, 8});
    const DensityGrid grid = density_grid(*mask, mask->box(), 2, 2);
    EXPECT_EQ(grid.values, (std::vector<float>{10.0F / 16.0F, 0.0F, 1.0F, 10.0F / 16.0F}));
    EXPECT_EQ(grid.pairs, 36);
}

TEST(DensityGrid, EqualsCountingEveryPair) {
    const bool held = rc::check("for any mask, region and grid", [] {
        const auto tokens = *rc::gen::inRange<std::int64_t>(1, 48);
        std::vector<std::int64_t> cu_seqlens{0};
        while (cu_seqlens.back() < tokens) {
            cu_seqlens.push_back(std::min(tokens, cu_seqlens.back() + *rc::gen::inRange<std::int64_t>(1, 20)));
        }
        const auto left = *rc::gen::inRange<std::int64_t>(0, tokens);
        const Json window{{"window", {{"left", left}, {"right", *rc::gen::inRange<std::int64_t>(0, tokens)}}}};
        const Json sink{{"sink", {{"tokens", *rc::gen::inRange<std::int64_t>(1, tokens + 1)}}}};
        const Json causal{{"causal", Json::object()}};
        const Json documents{{"documents", Json::object()}};
        const Json full{{"full", Json::object()}};
        const std::vector<Json> masks{full,
                                      causal,
                                      window,
                                      {{"and", Json::array({causal, documents})}},
                                      {{"and", Json::array({causal, {{"or", Json::array({window, sink})}}})}},
                                      {{"not", {{"or", Json::array({documents, window})}}}}};
        std::unique_ptr<Mask> mask = compiled((*rc::gen::elementOf(masks)).dump(), cu_seqlens);
        if (*rc::gen::arbitrary<bool>()) {
            // The same mask in a form that makes its zones when it is asked.
            using Kind = MaskOperation::Kind;
            const MaskOperation own{Kind::mask, std::shared_ptr<const Mask>(std::move(mask)), {}};
            const MaskOperation negated{Kind::complement, nullptr, {own}};
            mask = std::make_unique<OperatorMask>(tokens, tokens, MaskOperation{Kind::complement, nullptr, {negated}});
        }

        const auto part = [&] {
            const auto begin = *rc::gen::inRange<std::int64_t>(0, tokens);
            return Range{begin, *rc::gen::inRange<std::int64_t>(begin + 1, tokens + 1)};
        };
        const Box region{part(), part()};
        const auto rows = *rc::gen::inRange<std::int32_t>(1, static_cast<std::int32_t>(region.q.size()) + 1);
        const auto columns = *rc::gen::inRange<std::int32_t>(1, static_cast<std::int32_t>(region.k.size()) + 1);
        const DensityGrid grid = density_grid(*mask, region, rows, columns);

        std::int64_t all = 0;
        for (std::size_t r = 0; r + 1 < grid.q_edges.size(); ++r) {
            for (std::size_t c = 0; c + 1 < grid.k_edges.size(); ++c) {
                std::int64_t kept = 0;
                std::int64_t size = 0;
                for (std::int64_t q = grid.q_edges[r]; q < grid.q_edges[r + 1]; ++q) {
                    for (std::int64_t k = grid.k_edges[c]; k < grid.k_edges[c + 1]; ++k) {
                        kept += mask->contains(q, k) ? 1 : 0;
                        ++size;
                    }
                }
                all += kept;
                RC_ASSERT(grid.values[r * static_cast<std::size_t>(columns) + c] ==
                          static_cast<float>(static_cast<double>(kept) / static_cast<double>(size)));
            }
        }
        RC_ASSERT(grid.pairs == all);
    });
    EXPECT_TRUE(held);
}

// The bounds are many times what it takes, for machines under load; without skipping what is empty or full, each of
// these takes far longer.
TEST(DensityGrid, AMillionTokensInThousandsOfDocumentsTakeLessThanASecond) {
    constexpr std::int64_t tokens = std::int64_t{1} << 20;
    RandomStream random(1, 0);
    std::vector<std::int64_t> cu_seqlens{0};
    while (cu_seqlens.back() < tokens) {
        // From 1 to 1,024 tokens, the short ones more often.
        const auto length = static_cast<std::int64_t>(random.next_below(random.next_below(1024) + 1)) + 1;
        cu_seqlens.push_back(std::min(tokens, cu_seqlens.back() + length));
    }
    ASSERT_GT(cu_seqlens.size(), 3000U);
    for (const std::string_view json :
         {causal_documents, std::string_view(R"({"and": [{"causal": {}}, {"not": {"documents": {}}}]})"),
          std::string_view(R"({"and": [{"causal": {}}, {"or": [{"documents": {}}, {"sink": {"tokens": 9999}}]}]})")}) {
        const std::unique_ptr<Mask> mask = compiled(json, cu_seqlens);
        const Nanoseconds begin_ns = now_ns();
        const DensityGrid grid = density_grid(*mask, mask->box(), 768, 768);
        const Nanoseconds taken_ns = now_ns() - begin_ns;
        EXPECT_LT(taken_ns, 1'000'000'000) << json;
        RecordProperty(std::string(json), std::to_string(taken_ns));
        EXPECT_EQ(grid.pairs, mask->pairs());
    }
}

}  // namespace
}  // namespace longscope
