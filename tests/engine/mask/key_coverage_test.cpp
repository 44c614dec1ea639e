// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/key_coverage.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/mask/expression.h"
#include "engine/mask/heads.h"

namespace longscope {
namespace {

constexpr std::int64_t tokens = 700;

HeadMasks masks_of(const char* mask) {
    return compile_head_masks(parse_mask(parse_json(mask, "test"), "mask"), {tokens, tokens, {0, 90, 91, 400, 700}}, 2);
}

std::vector<Range> by_brute_force(const HeadMasks& masks, const TokenSet& queries) {
    std::vector<Range> ranges;
    for (std::int64_t key = 0; key < tokens; ++key) {
        bool seen = false;
        for (std::int64_t i = 0; i < queries.size() && !seen; ++i) {
            for (std::int64_t kind = 0; kind < masks.kinds(); ++kind) {
                seen = seen || masks.kind(kind).contains(queries.position(i), key);
            }
        }
        if (seen && !ranges.empty() && ranges.back().end == key) {
            ++ranges.back().end;
        } else if (seen) {
            ranges.push_back({key, key + 1});
        }
    }
    return ranges;
}

TEST(CoveredKeys, AreThoseThatSomeQuerySees) {
    for (const char* mask :
         {R"({"full": {}})", R"({"causal": {}})", R"({"and": [{"documents": {}}, {"causal": {}}]})",
          R"({"window": {"left": 11, "right": 3}})",
          R"({"and": [{"causal": {}}, {"or": [{"sink": {"tokens": 4}}, {"window": {"left": 20, "right": 0}}]}]})",
          R"({"not": {"full": {}}})",
          R"({"and": [{"causal": {}}, {"dilated_window": {"left": 40, "right": 0, "dilation": 5}}]})",
          R"({"random_block_sparse": {"q_block": 16, "k_block": 16, "kept": 0.1, "seed": 3}})",
          R"({"per_heads": {"assignments": [{"heads": [0, 1], "mask": {"window": {"left": 2, "right": 0}}}],
              "otherwise": {"sink": {"tokens": 9}}}})"}) {
        const HeadMasks masks = masks_of(mask);
        for (const TokenSet& queries : {TokenSet({{0, 100}}), TokenSet({{100, 120}, {600, 700}}),
                                        TokenSet::every(3, 7, tokens), TokenSet({{5, 5}}), TokenSet({{0, tokens}})}) {
            EXPECT_EQ(covered_keys(masks, queries), by_brute_force(masks, queries)) << mask;
        }
    }
}

}  // namespace
}  // namespace longscope
