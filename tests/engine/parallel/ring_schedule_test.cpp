// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

#include "engine/kernel/partial.h"
#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

DispatchedCase make_case(const char* mask, const char* dispatch, std::int64_t ranks) {
    const AttentionShape shape{1, 4, 2, 16, 24, DType::float32};
    return {self_attention(shape, 203, {0, 1, 60, 61, 150, 203}, mask), dispatch, ranks};
}

TEST(RingSchedule, AStepWhoseKeysAreAllMaskedSkipsTheComputingNotTheSending) {
    // Contiguous causal: rank 0 sees only its own keys.
    const DispatchedCase c = make_case(R"({"causal": {}})", "contiguous", 4);
    int attends = 0;
    int transfers = 0;
    for (const Operation& operation : write_ring(c.input(0), Pass::forward).operations) {
        attends += operation.kind == OperationKind::attend;
        transfers += operation.kind == OperationKind::send || operation.kind == OperationKind::recv;
    }
    EXPECT_EQ(attends, 1);
    EXPECT_EQ(transfers, 2 * 3);
}

// Replays the schedule in every order that streams and dependencies allow is too much; what must hold in all of them is
// that whoever writes a buffer waits for everyone who reads what it held.
void expect_no_buffer_overwritten(const char* strategy, std::int64_t ranks) {
    DispatchedCase c = make_case(R"({"full": {}})", "zigzag", ranks);
    for (const StrategyOptions& options : feasible_options(find_strategy(strategy), c, Pass::forward_backward)) {
        c.options = options;
        SCOPED_TRACE(std::string(strategy) + " " + to_string(options) + " over " + std::to_string(ranks) + " ranks");
        const Schedule schedule = find_strategy(strategy).forward_backward(c.input(1));
        std::map<std::int64_t, std::vector<std::int64_t>> readers;  // of each buffer since it was last filled
        const auto fill = [&](const Operation& operation, std::int64_t buffer) {
            for (const std::int64_t reader : readers[buffer]) {
                const bool waits =
                    std::find(operation.after.begin(), operation.after.end(), reader) != operation.after.end();
                const Stream stream = schedule.operations[static_cast<std::size_t>(reader)].stream;
                EXPECT_TRUE(waits || stream == operation.stream)
                    << "operation " << operation.id << " does not wait for " << reader;
            }
            readers[buffer].clear();
        };
        for (const Operation& operation : schedule.operations) {
            if (operation.kind == OperationKind::recv) {
                fill(operation, operation.buffer);
            } else if (operation.kind == OperationKind::send || operation.kind == OperationKind::attend ||
                       operation.kind == OperationKind::attend_backward || operation.kind == OperationKind::reduce) {
                readers[operation.buffer].push_back(operation.id);
            }
            if (operation.kind == OperationKind::attend_backward) {
                fill(operation, operation.into);
            }
        }
    }
}

TEST(RingSchedule, ABufferIsNeverOverwrittenWhileItIsRead) {
    for (std::int64_t ranks = 2; ranks <= 12; ++ranks) {
        expect_no_buffer_overwritten("ring", ranks);
        expect_no_buffer_overwritten("double_ring", ranks);
    }
}

// From, to, step, whose sum: it begins at its owner, follows its keys and values one step behind, and comes home.
TEST(RingSchedule, SumsOfGradientsMakeTheWholeRound) {
    const DispatchedCase c = make_case(R"({"causal": {}})", "contiguous", 4);
    std::vector<std::array<std::int64_t, 4>> hops;
    for (std::int64_t rank = 0; rank < 4; ++rank) {
        for (const Operation& operation : write_ring(c.input(rank), Pass::forward_backward).operations) {
            const std::int64_t bytes =
                c.tokens[static_cast<std::size_t>(std::max<std::int64_t>(0, operation.keys))].size() * 2 * 40 * 4;
            if (operation.kind == OperationKind::send && operation.flow >= 2 * 16) {
                hops.push_back({rank, operation.peer, operation.step, operation.keys});
                EXPECT_EQ(operation.bytes, bytes);
            }
        }
    }
    const std::vector<std::array<std::int64_t, 4>> expected{
        {0, 1, 4, 0}, {0, 1, 5, 3}, {0, 1, 6, 2}, {0, 1, 7, 1},  // rank 0 begins its own and sends that of rank 1 home
        {1, 2, 4, 1}, {1, 2, 5, 0}, {1, 2, 6, 3}, {1, 2, 7, 2}, {2, 3, 4, 2}, {2, 3, 5, 1},
        {2, 3, 6, 0}, {2, 3, 7, 3}, {3, 0, 4, 3}, {3, 0, 5, 2}, {3, 0, 6, 1}, {3, 0, 7, 0},
    };
    EXPECT_EQ(hops, expected);
}

TEST(RingSchedule, AStepWhoseKeysAreAllMaskedPassesTheSumOn) {
    // Contiguous causal: rank 0 sees only its own keys.
    const DispatchedCase c = make_case(R"({"causal": {}})", "contiguous", 4);
    int attends = 0;
    int reduces = 0;
    for (const Operation& operation : write_ring(c.input(0), Pass::forward_backward).operations) {
        attends += operation.kind == OperationKind::attend_backward;
        reduces += operation.kind == OperationKind::reduce;
    }
    EXPECT_EQ(attends, 1);
    EXPECT_EQ(reduces, 0);
}

// (N - 1) K of keys and values again, and N times the float32 gradients of a block: ring-flash-attention.
TEST(RingSchedule, TheBackwardPassMovesThePublishedNumberOfBytes) {
    for (const DType dtype : {DType::float32, DType::bfloat16}) {
        AttentionCase problem;
        problem.shape = {1, 8, 2, 64, 64, dtype};
        problem.domain = {4096, 4096, {}};
        problem.mask_json = R"({"causal": {}})";
        for (const std::int64_t ranks : {2, 4, 8}) {
            const DispatchedCase c(problem, "zigzag", ranks);
            const std::int64_t share = 4096 / ranks;
            const std::int64_t round = (ranks - 1) * 2 * share * 2 * 64 * size_bytes(dtype);
            EXPECT_EQ(totals(write_ring(c.input(1), Pass::forward)).bytes_received, round);
            EXPECT_EQ(totals(write_ring(c.input(1), Pass::forward_backward)).bytes_received,
                      2 * round + ranks * (2 * share * 2 * 64 * 4));
        }
    }
}

TEST(RingSchedule, MemoryIsTwoBlocksAndTwoPartials) {
    const DispatchedCase c = make_case(R"({"full": {}})", "contiguous", 4);
    const std::int64_t block = 51 * 2 * 40 * 4;  // the largest part of 203 tokens
    const std::int64_t own_tokens = c.tokens[2].size();
    EXPECT_EQ(totals(write_ring(c.input(2), Pass::forward)).peak_buffer_bytes,
              2 * block + 2 * Partial::size_bytes(4, own_tokens, 24));
}

}  // namespace
}  // namespace longscope
