// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/memory_ledger.h"

#include <gtest/gtest.h>

#include "engine/kernel/partial.h"
#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

// 8 query heads, 2 key/value heads, dimensions 64: 256 tokens over 4 ranks.

DispatchedCase make_case(DType dtype = DType::float32) {
    return {self_attention({1, 8, 2, 64, 64, dtype}, 256, {}, R"({"causal": {}})"), "contiguous", 4};
}

MemoryLedger ledger_of(const char* strategy, DType dtype = DType::float32) {
    const DispatchedCase c = make_case(dtype);
    return memory_ledger(find_strategy(strategy).forward(c.input(1)), c.problem.shape, 64);
}

constexpr std::int64_t own_key_values_bytes = 64 * 2 * 128 * 4;
constexpr std::int64_t own_query_bytes = 64 * 8 * 64 * 4;

TEST(MemoryLedger, InputsAreTheRanksOwnTensors) {
    for (const char* strategy : {"ring", "all_gather", "ulysses"}) {
        EXPECT_EQ(ledger_of(strategy).input_bytes, own_query_bytes + own_key_values_bytes);
    }
}

TEST(MemoryLedger, ARingHoldsTwoBlocksAndTwoPartials) {
    EXPECT_EQ(ledger_of("ring").buffer_bytes, 2 * own_key_values_bytes + 2 * Partial::size_bytes(8, 64, 64));
}

TEST(MemoryLedger, NamesWhatThePieceTakesBeyondWhatIsInUse) {
    // Each begins at a multiple of 64 bytes.
    const auto operation = [](OperationKind kind, std::int64_t buffer, std::int64_t bytes) {
        Operation one;
        one.kind = kind;
        one.buffer = buffer;
        one.bytes = bytes;
        return one;
    };
    Schedule schedule;
    schedule.operations = {operation(OperationKind::alloc, 1, 100), operation(OperationKind::alloc, 2, 100),
                           operation(OperationKind::alloc, 3, 100)};
    const MemoryLedger ledger = memory_ledger(schedule, make_case().problem.shape, 64);
    EXPECT_EQ(ledger.buffer_bytes, 300);
    EXPECT_EQ(ledger.gap_bytes, 3 * 28);
    EXPECT_EQ(ledger.piece_bytes(), 3 * 128);
    EXPECT_EQ(ledger.taken_bytes(), own_query_bytes + own_key_values_bytes + 3 * 128);
}

TEST(MemoryLedger, InputsOfTwoBytesTakeHalfAndPartialsStayAsLong) {
    for (const DType dtype : {DType::bfloat16, DType::float16}) {
        EXPECT_EQ(ledger_of("ring", dtype).input_bytes, (own_query_bytes + own_key_values_bytes) / 2);
        EXPECT_EQ(ledger_of("ring", dtype).buffer_bytes, own_key_values_bytes + 2 * Partial::size_bytes(8, 64, 64));
        // Now the result takes more than the second copy of all keys, which is gone by then.
        EXPECT_EQ(ledger_of("all_gather", dtype).buffer_bytes,
                  2 * own_key_values_bytes + Partial::size_bytes(8, 64, 64));
    }
}

TEST(MemoryLedger, AnAllGatherHoldsAllKeysTwiceWhileItPutsThemInOrder) {
    EXPECT_EQ(ledger_of("all_gather").buffer_bytes, 2 * 4 * own_key_values_bytes);
}

TEST(MemoryLedger, UlyssesHoldsQueriesAndResultOfItsHeadsOverTheWholeSequence) {
    // While it puts keys and values in order: its queries, and keys and values leaving, arriving and in order (one
    // key/value head, a copy for each of the two ranks that share it).
    const std::int64_t queries = 256 * 2 * 64 * 4;
    const std::int64_t key_values = 256 * 1 * 128 * 4;
    EXPECT_EQ(ledger_of("ulysses").buffer_bytes, queries + 3 * key_values);
}

// 256 tokens over 4 ranks, as above.
MemoryLedger backward_ledger_of(const char* strategy, DType dtype = DType::float32) {
    const DispatchedCase c = make_case(dtype);
    return memory_ledger(find_strategy(strategy).forward_backward(c.input(1)), c.problem.shape, 64);
}

TEST(MemoryLedger, TheBackwardPassReadsTheGradientsOfTheOutput) {
    for (const char* strategy : {"ring", "all_gather", "ulysses"}) {
        EXPECT_EQ(backward_ledger_of(strategy).input_bytes, 2 * own_query_bytes + own_key_values_bytes);
    }
}

TEST(MemoryLedger, ARingHoldsTwoBlocksAndThreeTimesTheirGradientsInFloat32) {
    const std::int64_t delta = 64 * 8 * 4;
    const std::int64_t rows = Partial::size_bytes(8, 64, 64) + delta + own_query_bytes;
    EXPECT_EQ(backward_ledger_of("ring").buffer_bytes, rows + 5 * own_key_values_bytes);
    EXPECT_EQ(backward_ledger_of("ring", DType::bfloat16).buffer_bytes, rows + 4 * own_key_values_bytes);
}

TEST(MemoryLedger, AnAllGatherHoldsTheGradientsOfAllKeysTwiceWhileItPacksThem) {
    const std::int64_t rows = Partial::size_bytes(8, 64, 64) + own_query_bytes;
    EXPECT_EQ(backward_ledger_of("all_gather", DType::bfloat16).buffer_bytes, rows + 2 * 4 * own_key_values_bytes);
}

TEST(MemoryLedger, UlyssesKeepsItsHeadsForTheBackwardPass) {
    const std::int64_t rows = 256 * 2 * 64 * 4;  // queries of its heads; so are dO and dQ, and O without lse
    const std::int64_t key_values = 256 * 1 * 128 * 4;
    const std::int64_t row_sums = 256 * 2 * 4;
    // While it computes: queries, O with lse, dO with delta and dQ; keys and values and their gradients; the output.
    EXPECT_EQ(backward_ledger_of("ulysses").buffer_bytes,
              4 * rows + 2 * row_sums + 2 * key_values + Partial::size_bytes(8, 64, 64));
}

TEST(MemoryLedger, RefusesWhatIsMoreThanIsAllowed) {
    EXPECT_EQ(memory_refusal(1 << 20, 0), "") << "no limit";
    EXPECT_EQ(memory_refusal(1 << 20, 1 << 20), "");
    EXPECT_EQ(memory_refusal(3 << 20, 1 << 20),
              "would need 3.00 MiB for its tensors and buffers; backend.memory_per_rank_bytes allows 1.00 MiB");
}

}  // namespace
}  // namespace longscope
