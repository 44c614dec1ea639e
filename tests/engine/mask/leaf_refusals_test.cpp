// SPDX-License-Identifier: GPL-3.0-or-later
// Parameters that others wrote: what cannot be is refused with one line that names the field, before it costs time or
// memory.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>

#include "tests/support/compiled_mask.h"
#include "tests/support/message_of.h"

namespace longscope {
namespace {

std::string refusal(std::string_view expression, const MaskDomain& domain = {64, 64, {}}) {
    return message_of([&] { (void)compiled_mask(expression, domain); });
}

struct Mistake {
    const char* expression;
    const char* message;
};

TEST(LeafRefusals, NameTheFieldTheValueAndWhatIsAccepted) {
    const Mistake mistakes[] = {
        {R"({"global_tokens": {"tokens": 4, "axis": "left"}})",
         R"(mask.global_tokens.axis: "left" is not known; accepted: rows, columns, both)"},
        {R"({"global_tokens": {"tokens": 65, "axis": "rows"}})",
         "mask.global_tokens.tokens: 65 is larger than the sequence; accepted: an integer from 1 to 64"},
        {R"({"strided_columns": {"stride": 8, "first": 8, "width": 1}})",
         "mask.strided_columns.first: 8 is too large; accepted: an integer from 0 to 7"},
        {R"({"strided_columns": {"stride": 8, "first": 6, "width": 3}})",
         "mask.strided_columns.width: 3 is too large; accepted: an integer from 1 to 2"},
        {R"({"dilated_window": {"left": 16, "right": 0, "dilation": 4}})",
         "mask.dilated_window.left: 16 is larger than the sequence; accepted: an integer from 0 to 15"},
        {R"({"block_window": {"block": 32, "left": 2, "right": 0}})",
         "mask.block_window.left: 2 is larger than the sequence; accepted: an integer from 0 to 1"},
        {R"({"shifted_groups": {"group": 8, "shift": 4, "guard": 1}})",
         "mask.shifted_groups.guard: 1 is neither true nor false; accepted: true, false"},
        {R"({"tree": {"parents": [-1, 0, 2]}})",
         "mask.tree.parents[2]: 2 does not come before its child; accepted: the index of an earlier node, or -1 for a "
         "root"},
        {R"({"tree": {"parents": [-1, 18446744073709551615]}})",
         "mask.tree.parents[1]: 18446744073709551615 is too large; accepted: an integer from -1 to 1048576"},
        {R"({"tree": {"parents": []}})",
         "mask.tree.parents: a list of 0 entries is not such a list; accepted: a list of 1 to 1048576 integers"},
        {R"({"tree": {"parents": 5}})",
         "mask.tree.parents: 5 is not such a list; accepted: a list of 1 to 1048576 integers"},
        {R"({"fork_join": {"segments": [[60], [3, 3]], "branches_seen": true}})",
         "mask.fork_join.segments: 66 tokens do not fit into the sequence; accepted: lengths that sum to at most 64"},
        {R"({"fork_join": {"segments": [[60], []], "branches_seen": true}})",
         "mask.fork_join.segments[1]: a list of 0 entries is not such a list; accepted: a list of 1 to 1048575 "
         "integers"},
        {R"({"worker_blocks": {"prefix": 5, "workers": 4, "tokens": 15}})",
         "mask.worker_blocks: a prefix and blocks of 65 tokens do not fit into the sequence; accepted: at most 64 "
         "tokens"},
        {R"({"vertical_slash": {"columns": [3, 64], "slashes": []}})",
         "mask.vertical_slash.columns: 64 is larger than the sequence; accepted: an integer from 0 to 63"},
        {R"({"neighbourhood": {"grid": [8, 8], "window": [3], "stride": [1, 1], "dilation": [1, 1],
             "causal": [false, false]}})",
         "mask.neighbourhood.grid: a grid of 2 axes does not go with the other lists; accepted: 1 to 3 axes, and as "
         "many entries in each list"},
        {R"({"neighbourhood": {"grid": [64], "window": [65], "stride": [1], "dilation": [1], "causal": [false]}})",
         "mask.neighbourhood.window[0]: 65 is larger than the axis; accepted: an integer from 1 to 64"},
        {R"({"neighbourhood": {"grid": [64], "window": [9], "stride": [1], "dilation": [8], "causal": [false]}})",
         "mask.neighbourhood.dilation[0]: 8 leaves no room for the window; accepted: an integer from 1 to 7"},
        {R"({"neighbourhood": {"grid": [64], "window": [9], "stride": [10], "dilation": [1], "causal": [false]}})",
         "mask.neighbourhood.stride[0]: 10 is larger than the window; accepted: an integer from 1 to 9"},
        {R"({"neighbourhood": {"grid": [1073741824, 1073741824, 1073741824], "window": [1, 1, 1], "stride": [1, 1, 1],
             "dilation": [1, 1, 1], "causal": [false, false, false]}})",
         "mask.neighbourhood.grid: a grid of 1073741824 tokens or more is larger than the sequence; accepted: at most "
         "64 tokens"},
        {R"({"random_block_sparse": {"q_block": 8, "k_block": 8, "kept": 1.5, "seed": 0}})",
         "mask.random_block_sparse.kept: 1.5 is out of range; accepted: a number from 0 to 1"},
        {R"({"variable_block_sparse": {"average": 8, "minimum": 9, "kept": 0.5, "seed": 0}})",
         "mask.variable_block_sparse.minimum: 9 is too large; accepted: an integer from 1 to 8"},
        {R"({"block_sparse": {"q_block": 16, "k_block": 16, "rows": [[0], [1, 4]]}})",
         "mask.block_sparse.rows[1]: 4 is larger than the sequence; accepted: an integer from 0 to 3"},
        {R"({"block_sparse": {"q_block": 16, "k_block": 16, "rows": [[0], [1, 2, 1]]}})",
         "mask.block_sparse.rows[1]: [1,2,1] has a block twice; accepted: each kept block once"},
        {R"({"block_sparse": {"q_block": 32, "k_block": 16, "rows": [[0], [1], [2]]}})",
         "mask.block_sparse.rows: 3 rows of blocks are more than there are; accepted: at most 2"},
        {R"({"slices": {"q_ranges": [[0, 8]], "k_ranges": [[0, 8], [8, 16]], "types": ["full"]}})",
         "mask.slices.types: 1 query ranges, 2 key ranges and 1 types do not belong together; accepted: lists of the "
         "same length"},
        {R"({"slices": {"q_ranges": [[8, 8]], "k_ranges": [[0, 8]], "types": ["full"]}})",
         "mask.slices.q_ranges[0]: [8,8] is not a range; accepted: [begin, end] with begin < end"},
        {R"({"slices": {"q_ranges": [[0, 8]], "k_ranges": [[0, 8]], "types": ["inv"]}})",
         R"(mask.slices.types[0]: "inv" is not known; accepted: full, causal, inverse_causal, bicausal)"},
        {R"({"slices": {"q_ranges": [[0, 8], [4, 65]], "k_ranges": [[0, 8], [8, 9]], "types": ["full", "full"]}})",
         "mask.slices.q_ranges[1][1]: 65 is larger than the sequence; accepted: an integer from 0 to 64"},
        {R"({"slices": {"q_ranges": [[0, 8], [4, 12]], "k_ranges": [[0, 8], [4, 12]], "types": ["causal", "full"]}})",
         "mask.slices.q_ranges[1]: query 4, key 4 is in [0] too; accepted: zones that do not overlap; masks that do "
         "are joined by \"or\""},
        {R"({"zones": {"zones": [[0, 8, 0, 8, 0]]}})",
         "mask.zones.zones[0]: a list of 5 entries is not such a list; accepted: a list of 6 to 1048576 integers"},
        {R"({"zones": {"zones": [[0, 8, 0, 65, -64, 64]]}})",
         "mask.zones.zones[0]: [0,8,0,65,-64,64] is not inside the matrix; accepted: 64 queries and 64 keys"},
        {R"({"zones": {"zones": [[0, 8, 0, 8, 8, 64]]}})",
         "mask.zones.zones[0]: [0,8,0,8,8,64] holds no pair; accepted: begins below ends, and a band that meets the "
         "box"},
        {R"({"zones": {"zones": [[0, 8, 0, 8, -64, 1], [0, 8, 0, 8, 0, 64]]}})",
         "mask.zones.zones[1]: query 0, key 0 is in [0] too; accepted: zones that do not overlap; masks that do are "
         "joined by \"or\""},
    };
    for (const Mistake& mistake : mistakes) {
        EXPECT_EQ(refusal(mistake.expression), mistake.message) << mistake.expression;
    }
}

TEST(LeafRefusals, NeedAsManyQueriesAsKeysWhereDocumentsOrGridsSaySo) {
    for (const std::string name : {"shared_question", "causal_blockwise"}) {
        EXPECT_EQ(refusal(R"({")" + name + R"(": {}})", {32, 64, {}}),
                  "mask." + name +
                      ": 32 queries and 64 keys do not hold the same documents; accepted: as many "
                      "queries as keys");
    }
    EXPECT_EQ(refusal(R"({"block_diffusion": {"block": 4}})", {32, 64, {}}),
              "mask.block_diffusion: 32 queries and 64 keys do not hold the same tokens; accepted: as many queries as "
              "keys");
    EXPECT_EQ(refusal(R"({"block_diffusion": {"block": 4}})", {63, 63, {}}),
              "mask.block_diffusion: a sequence of 63 tokens has no two halves; accepted: an even number of tokens");
}

// A thousand million tokens in the smallest pieces: what would take hours and all memory is refused at once.
TEST(LeafRefusals, TakeNoTimeForTheLargestSequences) {
    const MaskDomain domain{max_tokens, max_tokens, {}};
    const auto begin = std::chrono::steady_clock::now();
    for (const char* expression :
         {R"({"block_causal": {"block": 1}})", R"({"chunked_local": {"chunk": 1}})",
          R"({"block_window": {"block": 1, "left": 1, "right": 0}})", R"({"block_causal_documents": {"block": 1}})",
          R"({"shifted_groups": {"group": 1, "shift": 0, "guard": true}})",
          R"({"segments_shared_suffix": {"segment": 1, "suffix": 1}})",
          R"({"worker_blocks": {"prefix": 0, "workers": 1000000, "tokens": 1}})",
          R"({"block_diffusion": {"block": 1}})",
          R"({"random_block_sparse": {"q_block": 1, "k_block": 1, "kept": 0, "seed": 0}})",
          R"({"random_block_sparse": {"q_block": 1073741824, "k_block": 1, "kept": 0, "seed": 0}})",
          R"({"variable_block_sparse": {"average": 1, "minimum": 1, "kept": 0, "seed": 0}})",
          R"({"random_eviction": {"block": 1, "seed": 0}})",
          R"({"neighbourhood": {"grid": [1073741824], "window": [2], "stride": [1], "dilation": [1],
              "causal": [true]}})",
          R"({"neighbourhood": {"grid": [32768, 32768], "window": [16384, 16384], "stride": [1, 1],
              "dilation": [1, 1], "causal": [true, false]}})"}) {
        const std::string message = refusal(expression, domain);
        EXPECT_TRUE(message.find("is too large; accepted: at most") != std::string::npos ||
                    message.find("are too many; accepted: at most") != std::string::npos)
            << message;
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

// Strides are congruences: of any length they are one zone.
TEST(LeafRefusals, StridesAreNotRefusedAtAnyLength) {
    const MaskDomain domain{max_tokens, max_tokens, {}};
    const auto pairs = [&](const char* expression) { return compiled_mask(expression, domain)->pairs(); };
    EXPECT_EQ(pairs(R"({"strided_columns": {"stride": 2, "first": 0, "width": 1}})"), max_tokens * (max_tokens / 2));
    EXPECT_EQ(pairs(R"({"strided_diagonals": {"stride": 1}})"), max_tokens * max_tokens);
    const std::int64_t steps = 100'000'000;
    // Of the first queries some steps lie before the sequence: every query has those from 0 to q / 2.
    EXPECT_EQ(pairs(R"({"dilated_window": {"left": 100000000, "right": 0, "dilation": 2}})"),
              2 * (steps * (steps + 1) / 2) + (max_tokens - 2 * steps) * (steps + 1));
}

// A list as long as lists may be, of zones beside one another, is read; one entry more is refused before its own are.
TEST(LeafRefusals, LongListsAreReadInShortTime) {
    std::string zones = R"({"zones": {"zones": [)";
    for (int i = 0; i < 100'000; ++i) {
        zones += fmt::format("{}[{},{},{},{},-3,4]", i == 0 ? "" : ",", 4 * i, 4 * i + 4, 4 * i, 4 * i + 4);
    }
    EXPECT_EQ(compiled_mask(zones + "]}}", {400'000, 400'000, {}})->pairs(), 1'600'000);
    std::string list = R"({"vertical_slash": {"columns": [0)";
    for (int i = 0; i < 1 << 20; ++i) {
        list += ",0";
    }
    EXPECT_EQ(refusal(list + R"(], "slashes": []}})"),
              "mask.vertical_slash.columns: a list of 1048577 entries is not such a list; accepted: a list of 0 to "
              "1048576 integers");
}

// Each begins in a row of its own and goes on to the last row: in every slab there is one zone more.
TEST(LeafRefusals, StaircasesThatGrowWithTheSquareAreRefused) {
    std::string zones = R"({"zones": {"zones": [)";
    for (int i = 0; i < 20'000; ++i) {
        zones += fmt::format("{}[{},20000,{},{},-20000,1]", i == 0 ? "" : ",", i, i, i + 1);
    }
    EXPECT_EQ(refusal(zones + "]}}", {20'000, 20'000, {}}),
              "mask.zones: 200,010,000 pieces of zones are too many; accepted: at most 8,388,608, where every zone is "
              "cut at each row at which another one begins or ends");
    std::string segments = R"({"fork_join": {"branches_seen": false, "segments": [[1])";
    for (int i = 0; i < 20'000; ++i) {
        segments += i % 2 == 0 ? ",[1,1]" : ",[1]";
    }
    EXPECT_NE(refusal(segments + "]}}", {40'000, 40'000, {}}).find("pieces of zones are too many"), std::string::npos);
}

}  // namespace
}  // namespace longscope
