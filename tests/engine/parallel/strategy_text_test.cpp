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

constexpr double result_row = 258.0 / 8192;  // of one token

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
        // Contiguous: the last rank needs all but its own; all N - 1 others need those of rank 0. The model cuts what
        // comes to the last rank, from which nothing goes, into 1,536, 3,328 and 3,328 of each 8,192 tokens, 42 + 91 +
        // 91: while the first is computed 258 + 42 + 91 + 91 + 258. Of 64 ranks, into 512, 1,024, 2,560 and 4,096, 126
        // +
        // 252 + 630 + 1,008: while the third is put in order 258 + 630 + 1,008 + 630.
        {"group_cast", 8, 224, 448, 740},
        {"group_cast", 64, 2016, 4032, 2526},
        // 7 x 128 + 7 x 258; no backward pass.
        {"token_ring", 8, 2702, std::nullopt, 2062},
        {"token_ring", 64, 24318, std::nullopt, 2062},
        // 4 windows of 2: 7 x 32; 7 x 32 + (8 + 4) x 64; 2 x 258 + (1 + 2) x 32.
        {"double_ring", 8, 224, 992, 612},
        // 8 windows of 8: 63 x 32; 63 x 32 + (64 + 8) x 64; 2 x 258 + (2 + 2) x 32.
        {"double_ring", 64, 2016, 6624, 644},
        // Contiguous: a block goes on to all later ranks; the last one gets N - 1, and of sums all but one, or, the
        // rank
        // before, all but two and its own: 7 x 32; 7 x 32 + 6 x 64; 2 x 258 + 2 x 32.
        {"pruned_ring", 8, 224, 608, 580},
        {"pruned_ring", 64, 2016, 5984, 580},
        // Bytes as all_gather. Memory, of pieces of one of 8 heads: while one is computed 258, keys and values of it
        // and of
        // the next, its queries, its result, and the own part of the next: 258 + 2 x 32 + 16 + 32.25 + 4; while one is
        // put
        // in order 258 + 3 x 256 and two own parts of 4.
        {"llama3_all_gather", 8, 224, 672, 374.25},
        {"llama3_all_gather", 64, 2016, 6048, 1034},
        // The last rank gets N / 2 blocks of keys and values and N / 2 - 1 results: 4 x 32 + 3 x 258. In the backward
        // pass rank 0 gets N / 2 - 1 times queries and dO of 128 and lse and delta of 2 MiB, and N / 2 gradients of its
        // keys and values: 3 x 260 + 4 x 64. Memory of rank 1, which helps in steps 2 and 3, in step 3: 2 x 258,
        // queries
        // of 128, what it computes into, and the results of both steps, 3 x 258.
        {"light_seq", 8, 902, 1036, 1418},
        // 32 x 32 + 31 x 258; 31 x 260 + 32 x 64; with queries of the next step too 2 x 258 + 2 x 128 + 3 x 258.
        {"light_seq", 64, 9022, 10108, 1546},
        // One rank moves nothing. Half of its work are the first 182 of 256 blocks of 32 rows: c_1 = o_1 = 5,824. With
        // A_1 = 258 + 2 x 128 the most is A_1 - o_1 q + 3 c_1 p = 514 - 91 + 17,472 rows of results.
        {"dist_ca", 1, 0, 0, 514 - 91 + 17472 * result_row},
        // Rank 1 has 8,192 x 12,288.5 pairs, rank 0 has 8,192 x 4,096.5. To the mean miss 2^25 pairs; 32 rows of the
        // beginning and 32 of the end have 64 x 12,288.5, so 42 such pairs go: 2,688 rows, whose queries are 42 MiB and
        // results 84.65625. Rank 1 gets keys and values of rank 0, and the results. Backward it gets dQ of 84, and the
        // gradients of its own block. Memory of rank 0: it computes c_1 = o_1 = 8,160 rows, then c_2 = 2,720, o_2 = 32;
        // keys and values leave first (m_1) and come second (n_2). So A_1 = 258 + 128 + 170 + 64, and the most is
        // A_1 - o_1 q - m_1 k + 3 c_1 p.
        {"dist_ca", 2, 32 + 84.65625, 84 + 64, 620 - 127.5 - 32 + 24480 * result_row},
        // As many bytes as token_ring. Memory: 2 x 8 x 258; 2 x 64 x 258.
        {"split_kv", 8, 2702, std::nullopt, 4128},
        {"split_kv", 64, 24318, std::nullopt, 33024},
        // Bytes as all_gather. Score rows of 64 heads, 8,192 queries and 8 or 64 times as many keys are 131,072 and
        // 1,048,576 MiB; beside them the result and two blocks of values, of 16 MiB.
        {"rsa", 8, 224, 672, 131072 + 258 + 32},
        {"rsa", 64, 2016, 6048, 1048576 + 258 + 32},
        // 7 x (128 + 32) + 7 x 258; 7 x 128 + 7 x (256 + 64). Memory while parts are packed: 2 x 8 x 258.
        {"tensor_parallel", 8, 2926, 3136, 4128},
        // 63 x (128 + 32) + 63 x 258; 63 x 128 + 63 x (256 + 64); 2 x 64 x 258.
        {"tensor_parallel", 64, 26334, 28224, 33024},
        // As ulysses.
        {"ulysses_uneven", 8, 365.75, 392, 774},
        // A head of a block: queries and dO 2 MiB each, keys and values 4, a result 4.03125, dQ 4, dK and dV 8. Ranks 0
        // to
        // 15 compute 3 heads, the others 2. Heads 6 to 8 of rank 2 lie in two groups, as those of ranks 5, 10 and 13:
        // so
        // C = 24 + 4. Rank 2: 23 (3 x 2 + 2 x 4) + 61 x 4.03125. Rank 0, backward: 23 x 3 x 2 + 61 x 4 + 27 x 8. Memory
        // of
        // rank 2 at its part of 2 heads: I = 24 (3 x 2 + 2 x 4), results 24 x 3 x 4.03125, and 2 x 24 x 2 x 4.03125.
        {"ulysses_uneven", 24, 567.90625, 598, 1013.25},
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
