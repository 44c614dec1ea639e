// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/layout_text.h"

#include <gtest/gtest.h>

#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

using Lines = std::vector<std::string>;

// Two ranks of 128 tokens, one head, causal: rank 1 sees its own triangle and all of rank 0.
struct TwoRanks {
    TwoRanks(Pass pass, const char* strategy) {
        AttentionCase problem;
        problem.shape = {1, 1, 1, 16, 16, DType::float32};
        problem.domain = {256, 256, {}};
        problem.mask_json = R"({"causal": {}})";
        const DispatchedCase c(std::move(problem), "contiguous", 2);
        shape = c.problem.shape;
        std::vector<StepTableRow> rows;
        for (std::int64_t rank = 0; rank < 2; ++rank) {
            const Schedule schedule = find_strategy(strategy).write(pass, c.input(rank));
            rows.push_back(step_table_row(schedule));
            memory.push_back(memory_profile(schedule, shape, 128));
        }
        table = step_table(std::move(rows));
    }
    AttentionShape shape;
    StepTable table;
    std::vector<MemoryProfile> memory;
};

TEST(LayoutText, TellsOfACellExactly) {
    const TwoRanks c(Pass::forward, "ring");
    EXPECT_EQ(step_facts(c.table, c.shape, 1, 0),
              (Lines{"Rank 1, step 0: computes with queries of its own",
                     "528,384 FLOP, 50.4 % of the busiest cell; 8,256 pairs of all heads",
                     "Sends 16.0 KiB (16,384 B) to rank 0", "Receives 16.0 KiB (16,384 B) from rank 0"}));
    EXPECT_EQ(step_facts(c.table, c.shape, 0, 1), (Lines{"Rank 0, step 1: computes nothing"}));
}

// Score rows: a step multiplies with keys or with values, so that its FLOP are no whole pairs.
TEST(LayoutText, TellsScoresFromValues) {
    const TwoRanks c(Pass::forward, "rsa");
    EXPECT_EQ(step_facts(c.table, c.shape, 1, 0),
              (Lines{"Rank 1, step 0: computes with queries of its own",
                     "264,192 FLOP, 50.4 % of the busiest cell; scores, without values",
                     "Sends 8.00 KiB (8,192 B) to rank 0", "Receives 8.00 KiB (8,192 B) from rank 0"}));
    EXPECT_EQ(step_facts(c.table, c.shape, 1, 3)[1],
              "524,288 FLOP, 100.0 % of the busiest cell; values, by scores that are there");
}

TEST(LayoutText, NamesThePassWhereThereAreTwo) {
    const TwoRanks c(Pass::forward_backward, "ring");
    EXPECT_EQ(step_facts(c.table, c.shape, 1, 1)[0], "Rank 1, step 1, forward pass: computes with queries of its own");
    const Lines backward = step_facts(c.table, c.shape, 1, 3);
    EXPECT_EQ(backward[0], "Rank 1, step 3, backward pass: computes with queries of its own");
    EXPECT_EQ(backward[1], "2,621,440 FLOP, 100.0 % of the busiest cell; 16,384 pairs of all heads");
}

TEST(LayoutText, TellsOfAPairOfRanks) {
    const CommunicationMatrix matrix = communication_matrix(TwoRanks(Pass::forward, "ring").table, std::nullopt);
    EXPECT_EQ(traffic_facts(matrix, 0, 1),
              (Lines{"Rank 0 sends 16.0 KiB (16,384 B) in 1 message to rank 1",
                     "Rank 0 sends 16.0 KiB (16,384 B) in all; rank 1 receives 16.0 KiB (16,384 B)"}));
    EXPECT_EQ(traffic_facts(matrix, 1, 1)[0], "Rank 1 sends nothing to rank 1");
    EXPECT_EQ(traffic_lines(matrix, ','), "from,to,bytes,messages\n0,1,16384,1\n1,0,16384,1\n");
}

TEST(LayoutText, TellsWhatARankHolds) {
    const TwoRanks c(Pass::forward, "ring");
    const Lines lines = memory_facts(c.memory[1], 1, 1.5);
    ASSERT_GE(lines.size(), 2U);
    EXPECT_EQ(lines[1], "own inputs: 24.0 KiB (24,576 B)");
    EXPECT_TRUE(lines[0].starts_with("Rank 1 in step 1 holds ")) << lines[0];
    EXPECT_EQ(memory_facts(c.memory[1], 1, -1)[0], "Rank 1 in step -1 holds 24.0 KiB (24,576 B)")
        << "before anything is allocated";
}

TEST(LayoutText, TablesHaveALineForEachCell) {
    const TwoRanks c(Pass::forward, "ring");
    EXPECT_EQ(step_lines(c.table, '\t').substr(0, 10), "rank\tstep\t");
    EXPECT_NE(step_lines(c.table, ',').find("\n1,0,own,528384,0,16384,0,16384,0\n"), std::string::npos)
        << step_lines(c.table, ',');
    EXPECT_NE(step_lines(c.table, ',').find("\n0,1,idle,0,0,0,,0,\n"), std::string::npos);
    const std::string memory = memory_lines(c.memory, ',');
    EXPECT_TRUE(memory.starts_with("rank,step,time_steps,input_bytes,buffer_bytes,key_values_bytes,")) << memory;
    EXPECT_EQ(static_cast<std::size_t>(std::count(memory.begin(), memory.end(), '\n')),
              1 + c.memory[0].changes.size() + c.memory[1].changes.size());
}

}  // namespace
}  // namespace longscope
