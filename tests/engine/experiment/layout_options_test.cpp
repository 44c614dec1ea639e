// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/experiment/layout_options.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/error.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/memory_ledger.h"
#include "tests/engine/experiment/example.h"

namespace longscope {
namespace {

CompiledDraw draw_of(const char* mask, std::int64_t tokens) {
    Json document = parse_json(R"json({"longscope_experiment": 1, "name": "layouts",
        "shape": {"query_heads": 12, "key_value_heads": 4, "head_dim_qk": 16, "head_dim_v": 16, "dtype": "float32"}})json",
                               "test");
    document["sequence"] = {{"tokens", tokens}};
    document["mask"] = parse_json(mask, "test");
    document["layout"] = {{"ranks", 4}};
    return compile_draw(parsed(document), 0);
}

const LayoutOption& option(const LayoutOptions& all, const std::string& strategy, const std::string& dispatch,
                           std::int64_t ulysses = 0) {
    for (const LayoutOption& one : all.layouts) {
        if (one.strategy == strategy && one.dispatch == dispatch && one.options.ulysses == ulysses) {
            return one;
        }
    }
    throw std::out_of_range(strategy + " " + dispatch);
}

const std::atomic<bool> going_on{false};

TEST(LayoutOptions, NameEveryStrategyDegreeAndDispatch) {
    const LayoutOptions all = layout_options(draw_of(R"({"causal": {}})", 1000), 12, Pass::forward, going_on);
    std::set<std::string> strategies_met;
    std::set<std::int64_t> degrees;
    for (const LayoutOption& one : all.layouts) {
        strategies_met.insert(one.strategy);
        if (one.strategy == "usp") {
            degrees.insert(one.options.ulysses);
        }
    }
    EXPECT_EQ(strategies_met.size(), strategies().size());
    EXPECT_EQ(degrees, (std::set<std::int64_t>{2, 3, 4, 6}));
    EXPECT_EQ(all.dispatches.size(), dispatches().size());
    // 4 key/value heads and groups of 6 or 3 ranks.
    EXPECT_EQ(option(all, "usp", "zigzag", 6).infeasible,
              "USP needs key/value heads divisible by 6 ranks, or ranks divisible by key/value heads: 4 are given");
    EXPECT_EQ(option(all, "usp", "zigzag", 4).infeasible, "");
    EXPECT_GT(option(all, "usp", "zigzag", 4).bytes_received, 0);
}

TEST(LayoutOptions, NameWindowsPlacementsAndStrides) {
    const LayoutOptions all = layout_options(draw_of(R"({"causal": {}})", 1000), 8, Pass::forward, going_on);
    std::set<std::string> asked;
    for (const LayoutOption& one : all.layouts) {
        if (one.strategy == "double_ring" || one.strategy == "llama3_all_gather") {
            asked.insert(to_string(one.options));
            EXPECT_EQ(one.infeasible, "");
        }
    }
    EXPECT_EQ(asked, (std::set<std::string>{"ulysses 1, window 2", "ulysses 1, window 4", "ulysses 2, window 2",
                                            "ulysses 2, window 2, context_first", "head_stride 1", "head_stride 2",
                                            "head_stride 4"}));
}

TEST(LayoutOptions, SayWhatTheBusiestRankHas) {
    const LayoutOptions all = layout_options(draw_of(R"({"causal": {}})", 1000), 4, Pass::forward, going_on);
    // 250 tokens a rank: rank 3 sees 750 x 250 + 250 x 251 / 2 of 500,500 pairs.
    EXPECT_NEAR(option(all, "ring", "contiguous").largest_over_mean, (187'500.0 + 31'375.0) * 4 / 500'500.0, 1e-12);
    EXPECT_NEAR(option(all, "ring", "zigzag").largest_over_mean, 1.0, 1e-3);
    EXPECT_DOUBLE_EQ(option(all, "ulysses", "contiguous").largest_over_mean, 1.0);
    EXPECT_EQ(option(all, "ring", "zigzag").bytes_received, 750 * 4 * 32 * 4);
    EXPECT_NEAR(all.dispatches.front().largest_over_mean, (187'500.0 + 31'375.0) * 4 / 500'500.0, 1e-12);
}

TEST(LayoutOptions, RefuseTheBackwardPassWhereThereIsNone) {
    const LayoutOptions all = layout_options(draw_of(R"({"full": {}})", 64), 2, Pass::forward_backward, going_on);
    EXPECT_EQ(option(all, "token_ring", "contiguous").infeasible, "token_ring has no backward pass");
    EXPECT_EQ(option(all, "ring", "contiguous").infeasible, "");
}

// A window over contiguous ranks meets two tiles a row; dealt out token by token it meets many more.
TEST(LayoutOptions, CountTheTilesThatADispatchLeaves) {
    const LayoutOptions all =
        layout_options(draw_of(R"({"window": {"left": 100, "right": 0}})", 4096), 4, Pass::forward, going_on);
    const auto tiles = [&](const std::string& name) {
        for (const DispatchFacts& facts : all.dispatches) {
            if (facts.name == name) {
                return facts.tiles.value();
            }
        }
        return std::int64_t{0};
    };
    EXPECT_EQ(tiles("contiguous"), 32 + 31);
    EXPECT_GT(tiles("striped"), 2 * tiles("contiguous"));
    const LayoutOptions of_many = layout_options(
        draw_of(R"({"window": {"left": 100, "right": 0}})", max_tokens_of_tile_counts + 1), 2, Pass::forward, going_on);
    EXPECT_FALSE(of_many.dispatches.front().tiles.has_value());
}

TEST(LayoutOptions, AreInfeasibleWhereARankMayNotHaveSoMuchMemory) {
    CompiledDraw draw = draw_of(R"({"causal": {}})", 4096);
    const LayoutOptions free = layout_options(draw, 4, Pass::forward, going_on);
    const std::int64_t of_ring = option(free, "ring", "contiguous").memory_bytes;
    const std::int64_t of_rsa = option(free, "rsa", "contiguous").memory_bytes;
    ASSERT_GT(of_rsa, of_ring);
    EXPECT_EQ(option(free, "ring", "contiguous").memory_of_all_bytes, 4 * of_ring);
    draw.experiment.backend.memory_per_rank_bytes = of_ring;
    const LayoutOptions limited = layout_options(draw, 4, Pass::forward, going_on);
    EXPECT_EQ(option(limited, "ring", "contiguous").infeasible, "");
    EXPECT_EQ(option(limited, "rsa", "contiguous").infeasible, "rank 0 " + memory_refusal(of_rsa, of_ring));
}

TEST(LayoutOptions, EndWhenTheyAreCancelled) {
    const std::atomic<bool> cancelled{true};
    EXPECT_THROW((void)layout_options(draw_of(R"({"full": {}})", 64), 2, Pass::forward, cancelled), Error);
}

TEST(LayoutOptions, BestFirstMeansFeasibleThenEvenThenFewBytesThenLittleMemory) {
    const auto made = [](const char* name, double work, std::int64_t bytes, std::int64_t memory,
                         const char* infeasible = "") {
        LayoutOption one;
        one.strategy = name;
        one.infeasible = infeasible;
        one.largest_over_mean = work;
        one.bytes_received = bytes;
        one.memory_bytes = memory;
        return one;
    };
    std::string order;
    for (const LayoutOption& one :
         best_first({made("refused", 1, 0, 0, "no"), made("uneven", 1.5, 1, 1), made("memory", 1.004, 10, 9),
                     made("bytes", 1.0, 11, 1), made("best", 1.0, 10, 8)})) {
        order += one.strategy + " ";
    }
    EXPECT_EQ(order, "best memory bytes uneven refused ") << "less than a percent counts as even";
}

}  // namespace
}  // namespace longscope
