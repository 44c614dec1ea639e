// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/row_statistics.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include <limits>

#include "engine/mask/expression.h"
#include "engine/mask/token_set.h"

namespace longscope {
namespace {

std::unique_ptr<Mask> compiled(const Json& json, const MaskDomain& domain) {
    return compile_mask(parse_mask(json, "mask"), domain);
}

// A mask of no known form.
class OpaqueMask final : public Mask {
  public:
    explicit OpaqueMask(const Mask& mask) : Mask(mask.query_tokens(), mask.key_tokens()), mask_(mask) {}
    bool contains(std::int64_t query, std::int64_t key) const override { return mask_.contains(query, key); }
    std::int64_t pairs_in(const Box& box) const override { return mask_.pairs_in(box); }
    std::int64_t pairs_with(Range rows, const TokenSet& keys) const override {
        std::int64_t sum = 0;
        for (const Range range : keys.ranges()) {
            sum += mask_.pairs_in({rows, range});
        }
        return sum;
    }
    void row_runs(std::int64_t query, std::vector<Range>& runs) const override { mask_.row_runs(query, runs); }
    std::vector<TileRun> classify_row_of_tiles(Range q, std::int64_t k_tile) const override {
        return mask_.classify_row_of_tiles(q, k_tile);
    }
    Range key_extent(Range q) const override { return mask_.key_extent(q); }
    std::unique_ptr<Mask> transposed() const override { return mask_.transposed(); }

  private:
    const Mask& mask_;
};

TEST(RowStatistics, OfACausalMask) {
    const RowStatistics rows = row_statistics(*compiled({{"causal", Json::object()}}, {100, 100, {}}));
    EXPECT_EQ(rows.min_keys, 1);
    EXPECT_EQ(rows.max_keys, 100);
    EXPECT_EQ(rows.mean_keys, 50.5);
}

TEST(RowStatistics, ARowThatSeesNothingCounts) {
    const Json not_causal{{"not", {{"causal", Json::object()}}}};
    const RowStatistics rows = row_statistics(*compiled(not_causal, {10, 10, {}}));
    EXPECT_EQ(rows.min_keys, 0);
    EXPECT_EQ(rows.max_keys, 9);
}

TEST(RowStatistics, OfTheLongestSequenceTakeNoTime) {
    const RowStatistics rows =
        row_statistics(*compiled({{"window", {{"left", 1000}, {"right", 0}}}}, {max_tokens, max_tokens, {}}));
    EXPECT_EQ(rows.min_keys, 1);
    EXPECT_EQ(rows.max_keys, 1001);
}

TEST(RowStatistics, EqualCountingEveryRow) {
    const bool held = rc::check("for any mask", [] {
        const auto tokens = *rc::gen::inRange<std::int64_t>(1, 60);
        const auto below_tokens = [&] { return *rc::gen::inRange<std::int64_t>(0, tokens); };
        std::vector<std::int64_t> cu_seqlens{0};
        while (cu_seqlens.back() < tokens) {
            cu_seqlens.push_back(std::min(tokens, cu_seqlens.back() + *rc::gen::inRange<std::int64_t>(1, 20)));
        }
        const auto window = [&] {
            const auto left = below_tokens();
            return Json{{"window", {{"left", left}, {"right", below_tokens()}}}};
        };
        const Json one = window();
        const Json other = window();
        const Json sink{{"sink", {{"tokens", below_tokens() + 1}}}};
        const Json documents{{"documents", Json::object()}};
        const std::vector<Json> masks{one,
                                      {{"or", Json::array({one, sink})}},
                                      {{"and", Json::array({one, {{"not", other}}})}},
                                      {{"not", {{"or", Json::array({documents, one})}}}},
                                      {{"or", Json::array({{{"and", Json::array({documents, one})}}, sink, other})}}};
        const std::unique_ptr<Mask> mask =
            compiled(*rc::gen::elementOf(masks), {tokens, tokens, std::move(cu_seqlens)});
        std::int64_t least = std::numeric_limits<std::int64_t>::max();
        std::int64_t most = 0;
        std::int64_t sum = 0;
        for (std::int64_t q = 0; q < tokens; ++q) {
            std::int64_t keys = 0;
            for (std::int64_t k = 0; k < tokens; ++k) {
                keys += mask->contains(q, k) ? 1 : 0;
            }
            least = std::min(least, keys);
            most = std::max(most, keys);
            sum += keys;
        }
        for (const RowStatistics& rows : {row_statistics(*mask), row_statistics(OpaqueMask(*mask))}) {
            RC_ASSERT(rows.min_keys == least);
            RC_ASSERT(rows.max_keys == most);
            RC_ASSERT(rows.mean_keys == static_cast<double>(sum) / static_cast<double>(tokens));
        }
    });
    EXPECT_TRUE(held);
}

}  // namespace
}  // namespace longscope
