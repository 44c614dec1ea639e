// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "engine/kernel/partial.h"
#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

DispatchedCase make_case(const char* mask, const char* dispatch, std::int64_t ranks) {
    const AttentionShape shape{1, 4, 2, 16, 24, DType::float32};
    AttentionCase problem;
    problem.shape = shape;
    problem.domain = {203, 203, {0, 1, 60, 61, 150, 203}};
    problem.mask_json = mask;
    return {std::move(problem), dispatch, ranks};
}

TEST(RingSchedule, AStepWhoseKeysAreAllMaskedSkipsTheComputingNotTheSending) {
    // Contiguous causal: rank 0 sees only its own keys.
    const DispatchedCase c = make_case(R"({"causal": {}})", "contiguous", 4);
    int attends = 0;
    int transfers = 0;
    for (const Operation& operation : ring_forward(c.input(0)).operations) {
        attends += operation.kind == OperationKind::attend;
        transfers += operation.kind == OperationKind::send || operation.kind == OperationKind::recv;
    }
    EXPECT_EQ(attends, 1);
    EXPECT_EQ(transfers, 2 * 3);
}

// Replays the schedule in every order that streams and dependencies allow is too much; what must hold in all of them is
// that whoever writes a buffer waits for everyone who reads what it held.
TEST(RingSchedule, ABufferIsNeverOverwrittenWhileItIsRead) {
    for (std::int64_t ranks = 2; ranks <= 7; ++ranks) {
        const DispatchedCase c = make_case(R"({"full": {}})", "zigzag", ranks);
        const Schedule schedule = ring_forward(c.input(1));
        std::map<std::int64_t, std::vector<std::int64_t>> readers;  // of each buffer since its last recv
        for (const Operation& operation : schedule.operations) {
            if (operation.kind == OperationKind::recv) {
                for (const std::int64_t reader : readers[operation.buffer]) {
                    EXPECT_NE(std::find(operation.after.begin(), operation.after.end(), reader), operation.after.end())
                        << "recv " << operation.id << " does not wait for " << reader << " of " << ranks << " ranks";
                }
                readers[operation.buffer].clear();
            } else if (operation.kind == OperationKind::send || operation.kind == OperationKind::attend) {
                readers[operation.buffer].push_back(operation.id);
            }
        }
    }
}

TEST(RingSchedule, MemoryIsTwoBlocksAndTwoPartials) {
    const DispatchedCase c = make_case(R"({"full": {}})", "contiguous", 4);
    const std::int64_t block = 51 * 2 * 40 * 4;  // the largest part of 203 tokens
    const std::int64_t own_tokens = c.tokens[2].size();
    EXPECT_EQ(totals(ring_forward(c.input(2))).peak_buffer_bytes,
              2 * block + 2 * Partial::size_bytes(4, own_tokens, 24));
}

}  // namespace
}  // namespace longscope
