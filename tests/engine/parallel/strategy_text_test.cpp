// SPDX-License-Identifier: GPL-3.0-or-later
// What the page says of strategies: every one says all of it, and its formulas give the figures of its table.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "engine/parallel/dispatch.h"
#include "engine/parallel/strategy_example.h"
#include "engine/parallel/strategy_page.h"

namespace longscope {
namespace {

TEST(StrategyText, OfEveryStrategySaysAllThatThePageSays) {
    for (const StrategyEntry& strategy : strategies()) {
        const StrategyText& text = strategy.text;
        for (const std::string_view part :
             {text.how, text.received_forward, text.memory, text.infeasible, text.source}) {
            EXPECT_FALSE(part.empty()) << strategy.name;
        }
        EXPECT_EQ(text.backward.empty(), !strategy.has_backward) << strategy.name;
        EXPECT_EQ(text.received_backward.empty(), !strategy.has_backward) << strategy.name;
        EXPECT_NO_THROW((void)find_dispatch(text.dispatch)) << strategy.name;
        // Cells of a table.
        for (const std::string_view part :
             {text.received_forward, text.received_backward, text.memory, text.infeasible, text.source}) {
            EXPECT_EQ(part.find_first_of("|\n"), std::string_view::npos) << strategy.name;
        }
    }
}

// MiB, put into the formulas of the texts by hand. 8,192 tokens a rank, 64 query heads to 8 key/value heads of 128
// elements, bfloat16: a block of keys and values is 32 MiB, one of their gradients 64 MiB, the queries of a rank are
// 128 MiB, its partial result 258 MiB.
struct WorkedExample {
    std::string_view strategy;
    std::int64_t ranks;
    double forward;
    std::optional<double> backward;
    double buffers_forward;
};

const std::vector<WorkedExample>& worked_examples() {
    static const std::vector<WorkedExample> examples{
        // 7 x 32; 7 x 32 + 8 x 64; 2 x 258 + 2 x 32.
        {"ring", 8, 224, 736, 580},
        {"ring", 64, 2016, 6112, 580},
        // 7 x 32; 7 x 32 + 7 x 64; 8 x 32 + max(8 x 32, 258).
        {"all_gather", 8, 224, 672, 514},
        {"all_gather", 64, 2016, 6048, 4096},
        // h = 8, c = 1: 7/8 (128 + 32 + 258); 7/8 x 128 + 7/8 (256 + 64); 3 x 258 while results are turned back.
        {"ulysses", 8, 365.75, 392, 774},
        // h = 1, c = 1: 63/64 (128 + 256 + 258); 63/64 (128 + 256 + 512); t q + (2 t + N t_r) v = 128 + 3 x 256.
        {"ulysses", 64, 631.96875, 882, 896},
        // U = 2, h = 32, c = 4: 1/2 (128 + 32 + 258) + 3 x 32; 1/2 (128 + 256 + 64) + 3 x 32 + 4 x 64; 3 x 258.
        {"usp", 8, 305, 576, 774},
        // U = 8, h = 8, c = 1: 7/8 (128 + 32 + 258) + 7 x 32; 7/8 (128 + 256 + 64) + 7 x 32 + 8 x 64; 3 x 258.
        {"usp", 64, 589.75, 1128, 774},
        // Chunks of 4,096 tokens: rank 0 needs all but its own; all N - 1 others need those of the last rank. Memory of
        // rank 0: 258 + (N - 1) 16 + 2 (N - 1) 32.
        {"group_cast", 8, 224, 448, 818},
        {"group_cast", 64, 2016, 4032, 5298},
        // 7 x 128 + 7 x 258; no backward pass.
        {"token_ring", 8, 2702, std::nullopt, 2062},
        {"token_ring", 64, 24318, std::nullopt, 2062},
    };
    return examples;
}

TEST(StrategyText, HasFormulasThatGiveTheWorkedExamples) {
    constexpr double mebibyte = 1 << 20;
    for (const WorkedExample& example : worked_examples()) {
        const WorkedBytes worked = worked_bytes(
            *std::find_if(strategies().begin(), strategies().end(),
                          [&](const StrategyEntry& strategy) { return strategy.name == example.strategy; }),
            example.ranks);
        ASSERT_EQ(worked.infeasible, "") << example.strategy;
        EXPECT_EQ(static_cast<double>(worked.received_forward) / mebibyte, example.forward) << example.strategy;
        EXPECT_EQ(static_cast<double>(worked.buffers_forward) / mebibyte, example.buffers_forward) << example.strategy;
        ASSERT_EQ(worked.received_backward.has_value(), example.backward.has_value()) << example.strategy;
        if (example.backward) {
            EXPECT_EQ(static_cast<double>(*worked.received_backward) / mebibyte, *example.backward) << example.strategy;
        }
    }
    for (const StrategyEntry& strategy : strategies()) {
        EXPECT_TRUE(std::any_of(worked_examples().begin(), worked_examples().end(),
                                [&](const WorkedExample& example) { return example.strategy == strategy.name; }))
            << strategy.name << " has no worked example";
    }
}

TEST(StrategyText, SaysWhereHeadsDoNotDivide) {
    const WorkedBytes worked = worked_bytes(find_strategy("ulysses"), 96);
    EXPECT_EQ(worked.infeasible, "Ulysses needs query heads divisible by 96 ranks: 64 are given");
    const std::string page = strategies_as_markdown();
    EXPECT_NE(page.find("| [`ulysses`](#ulysses) | 365.8 |"), std::string::npos);
    EXPECT_NE(page.find(" infeasible |\n| [`usp`](#usp) | 305 |"), std::string::npos);
    EXPECT_NE(page.find("| [`ring`](#ring) | 224 | 480 | 992 | 2016 | 3040 |"), std::string::npos)
        << "as the published table";
}

}  // namespace
}  // namespace longscope
